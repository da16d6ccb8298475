/** One sample of a graph: when each step begins and ends, what fails, and what is undone. Pure, but for the places in its parts. */
import type { Chance } from "./chance";
import type { Odds, Part, Plan, Policy } from "./parts";
import { delayOf } from "./resolve";
import { rollBack, type Begun } from "./rollback";

const ITEMS_MAX = 64;
/** Of the stream of chance that rollbacks use. */
const ROLLBACK = 0x51ab7;
const ROUNDS_MAX = 3;
const TIMEOUT = "timeout";
/** Failures after which nobody knows whether the step has had its effect. */
const UNKNOWN: ReadonlySet<string> = new Set([TIMEOUT, "worker_lost"]);
const BY_WORKER = "intervention_requested";
const FAILED = "failed";

/** What a graph came to. */
export interface Outcome {
  readonly ms: number;
  readonly hasFailed: boolean;
  readonly isRolledBack: boolean;
  readonly code: string;
  /** The part that made it fail. */
  readonly culprit: Part | null;
  /** How long it takes to undo it, when it has completed. */
  readonly undoMs: number;
}

/** What an attempt, with its repetitions, came to. */
interface Tried {
  readonly ms: number;
  readonly code: string;
  readonly lastMs: number;
  readonly toUndo: number;
}

const NOTHING: Tried = { ms: 0, code: "", lastMs: 0, toUndo: 0 };

export class Sampler {
  /** Whether a person was asked in this sample. */
  hasAsked = false;

  constructor(private readonly chance: Chance, public sample = 0) {}

  /** `isBody`: how long it would take to undo it is wanted, too. */
  graph(plan: Plan, round = 0, isBody = false): Outcome {
    for (const pivot of plan.pivots) pivot.state = "unreached";
    for (const part of plan.parts) this.step(part, plan, round);
    let failedAt = Infinity;
    let endMs = 0;
    let culprit: Part | null = null;
    for (const part of plan.parts) {
      if (part.state === "fatal" && part.endMs < failedAt) {
        failedAt = part.endMs;
        culprit = part;
      } else if (part.state === "done" || part.state === "failed") endMs = Math.max(endMs, part.endMs);
    }
    if (Math.min(failedAt, endMs) > plan.timeoutMs) {
      if (plan.pivots.some(({ state, endMs: at }) => state === "done" && at <= plan.timeoutMs)) this.hasAsked = true;
      else return this.failed(plan, plan.timeoutMs, TIMEOUT, plan.parts.find((part) => part.readyMs <= plan.timeoutMs && part.endMs > plan.timeoutMs) ?? null, round);
    }
    if (failedAt < Infinity) return this.failed(plan, failedAt, culprit?.failure ?? "", culprit, round);
    return { ms: endMs, hasFailed: false, isRolledBack: false, code: "", culprit: null, undoMs: isBody ? this.foreseenUndo(plan, round) : 0 };
  }

  private failed(plan: Plan, failedAt: number, code: string, culprit: Part | null, round: number): Outcome {
    let drainedAt = failedAt;
    for (const part of plan.parts) if (isUnderWay(part, failedAt)) drainedAt = Math.max(drainedAt, part.endMs);
    const unsure = culprit?.undo && UNKNOWN.has(culprit.failure) ? culprit : null;
    const undoMs = this.undoAll(plan, { failedAt, drainedAt, unsure }, round);
    return { ms: drainedAt + Math.max(0, undoMs), hasFailed: true, isRolledBack: undoMs >= 0, code, culprit, undoMs: 0 };
  }

  private undoAll(plan: Plan, begun: Begun, round: number): number {
    this.chance.turnTo(this.sample, ROLLBACK + round);
    return rollBack(plan, begun, (part) => this.undo(part));
  }

  /** A question to a person that would arise only then is not counted. */
  private foreseenUndo(plan: Plan, round: number): number {
    const { hasAsked } = this;
    const ms = this.undoAll(plan, { failedAt: Infinity, drainedAt: Infinity, unsure: null }, round);
    this.hasAsked = hasAsked;
    return Math.max(0, ms);
  }

  /** How long the undo of a step takes, with the answer of a person where it fails. */
  private undo(part: Part): number {
    const { undo } = part;
    if (!undo) return 0;
    if (undo.is === "body" && part.body) return part.toUndo;
    let ms = (undo.time?.at(this.chance.next()) ?? 0) * (part.toUndo || 1);
    if (undo.failed && this.chance.next() < undo.failed) {
      this.hasAsked = true;
      ms += undo.answer?.at(this.chance.next()) ?? 0;
    }
    return ms;
  }

  /** Decides about a step whose sources are decided, and about its edges. */
  private step(part: Part, plan: Plan, round: number): void {
    let ready = 0;
    let from: Part | null = null;
    for (const source of part.sources) {
      if (source.state === "fatal") ready = Infinity;
      else if (source.endMs >= ready) {
        ready = source.endMs;
        from = source;
      }
    }
    const isReached = !part.sources.length || part.taken > 0;
    part.state = ready === Infinity ? "unreached" : isReached ? "done" : "skipped";
    part.readyMs = part.endMs = ready;
    part.taken = part.lastMs = part.toUndo = 0;
    part.from = from;
    part.failure = "";
    if (part.state !== "done") return;
    this.chance.turnTo(this.sample, part.salt + Math.imul(round, 0x9e3779b1));
    if (part.skips && this.chance.next() < part.skips) this.goOn(part);
    else this.work(part, plan, round);
  }

  private work(part: Part, plan: Plan, round: number): void {
    for (let turn = 0; turn < ROUNDS_MAX; turn += 1) {
      const tried = this.tried(part, round);
      part.endMs += tried.ms;
      part.lastMs = tried.lastMs;
      part.toUndo = tried.toUndo;
      part.failure = tried.code;
      if (!tried.code) return this.goOn(part);
      const caught = tried.code === BY_WORKER ? undefined : part.catches.find(({ fits }) => fits(tried.code));
      if (caught) {
        part.state = "failed";
        caught.to.taken += 1;
        return;
      }
      const mustAsk = part.onFailure === "pause" || tried.code === BY_WORKER || (part.onFailure === "compensate" && isPast(plan.pivots, part));
      if (!mustAsk) break;
      const answer = this.ask(part);
      if (answer === "compensate") break;
      if (answer !== "retry") {
        part.state = answer === "skip" ? "failed" : "done";
        return this.goOn(part);
      }
      if (turn === ROUNDS_MAX - 1) return this.goOn(part);
    }
    part.state = part.onFailure === "continue" ? "failed" : "fatal";
    if (part.state === "failed") this.goOn(part);
  }

  private ask(part: Part): string {
    this.hasAsked = true;
    part.endMs += part.person.time?.at(this.chance.next()) ?? 0;
    return part.person.answers?.at(this.chance.next()) ?? "retry";
  }

  /** Takes the edges of a step that has ended well, or whose failure is passed over. */
  private goOn(part: Part): void {
    for (const next of part.plain) next.taken += 1;
    if (!part.ways.length) return;
    let luck = this.chance.next();
    for (const { to, share } of part.ways) {
      if (luck < share || to === part.ways.at(-1)?.to) {
        to.taken += 1;
        return;
      }
      luck -= share;
    }
  }

  private tried(part: Part, round: number): Tried {
    switch (part.nature) {
      case "instant": return NOTHING;
      case "fails": return { ms: 0, code: part.code, lastMs: 0, toUndo: 0 };
      case "hold": return this.held(part);
      case "attempts": return this.attempts(part);
      case "body": return this.body(part, round);
      case "map": case "loop": return this.items(part, round);
    }
  }

  private held(part: Part): Tried {
    const { odds, timeoutMs, lateCode, policies, fixedMs, undo } = part;
    if (fixedMs !== null) return { ms: fixedMs, code: "", lastMs: 0, toUndo: 0 };
    let ms = 0;
    let failures = 0;
    for (;;) {
      const isBad = this.chance.next() < (failures ? odds.laterBad : odds.firstBad);
      const failure = isBad ? odds.codes?.at(this.chance.next()) ?? FAILED : "";
      const took = failure === TIMEOUT ? timeoutMs : (isBad ? odds.bad : odds.good)?.at(this.chance.next()) ?? 0;
      const code = took >= timeoutMs ? lateCode : failure;
      ms += Math.min(took, timeoutMs);
      const policy = code ? policies.find(({ fits }) => fits(code)) : undefined;
      if (!policy || failures + 1 >= policy.max) return { ms, code, lastMs: 0, toUndo: code || !undo ? 0 : 1 };
      ms += delayOf(policy, ++failures, this.chance.next() * 2 - 1);
    }
  }

  private attempts(part: Part): Tried {
    const { chance } = this;
    const { odds } = part;
    let ms = 0;
    let failures = 0;
    let asks = 0;
    for (;;) {
      const waited = odds.wait?.at(chance.next()) ?? 0;
      if (odds.asks && chance.next() < odds.asks) {
        ms += waited + (odds.good?.at(chance.next()) ?? 0) + (odds.asked?.at(chance.next()) ?? 0);
        if (++asks <= (part.policies[0]?.asksMax ?? 0)) continue;
        return this.fellBack(part, ms, "retries_used_up", 0);
      }
      const { code, took } = this.attempt(odds, failures > 0, part.timeoutMs);
      ms += waited + took;
      if (!code) return { ms, code, lastMs: took, toUndo: 1 };
      const policy: Policy | undefined = part.policies.find(({ fits }) => fits(code));
      const isFinal = code === BY_WORKER || (policy && chance.next() < (odds.critical.get(code) ?? 0));
      if (!policy || isFinal || failures + 1 >= policy.max) return this.fellBack(part, ms, code, took);
      ms += delayOf(policy, ++failures + asks, chance.next() * 2 - 1);
    }
  }

  private attempt(odds: Odds, isLater: boolean, timeoutMs: number): { readonly code: string; readonly took: number } {
    const { chance } = this;
    const isBad = chance.next() < (isLater ? odds.laterBad : odds.firstBad);
    const code = isBad ? odds.codes?.at(chance.next()) ?? FAILED : "";
    const took = (isBad ? odds.bad : odds.good)?.at(chance.next()) ?? 0;
    return took > timeoutMs || code === TIMEOUT ? { code: TIMEOUT, took: timeoutMs } : { code, took };
  }

  private fellBack(part: Part, ms: number, code: string, lastMs: number): Tried {
    if (!part.fallback || code === BY_WORKER) return { ms, code, lastMs, toUndo: 0 };
    const wait = part.fallback.wait?.at(this.chance.next()) ?? 0;
    const tried = this.attempt(part.fallback, false, Infinity);
    return { ms: ms + wait + tried.took, code: tried.code, lastMs: tried.took, toUndo: tried.code ? 0 : 1 };
  }

  private body(part: Part, round: number): Tried {
    const { body, policies, undo } = part;
    if (!body) return NOTHING;
    let ms = 0;
    let failures = 0;
    for (;;) {
      const outcome = this.graph(body, Math.imul(round, 31) + failures + 1, true);
      ms += outcome.ms;
      const toUndo = undo?.is === "worker" ? 1 : outcome.undoMs;
      const policy = outcome.hasFailed ? policies.find(({ fits }) => fits(outcome.code)) : undefined;
      if (!policy || failures + 1 >= policy.max) return { ms, code: outcome.hasFailed ? outcome.code : "", lastMs: outcome.ms, toUndo };
      ms += delayOf(policy, ++failures, this.chance.next() * 2 - 1);
    }
  }

  /** Items, as many at a time as the window has, or turns. Of many, ITEMS_MAX stand for all. */
  private items(part: Part, round: number): Tried {
    const count = Number(part.items?.at(this.chance.next()) ?? 1);
    const made = Math.min(count, ITEMS_MAX);
    if (!made) return NOTHING;
    const window = Math.min(count, part.window);
    const lanes = new Array<number>(Math.max(1, Math.round((window * made) / count))).fill(0);
    const scale = (count / window / made) * lanes.length;
    const weight = count / made;
    let failed = 0;
    let toUndo = 0;
    let code = "";
    let endMs = 0;
    for (let item = 0; item < made && !code; item += 1) {
      const lane = lanes.length > 1 ? lanes.indexOf(Math.min(...lanes)) : 0;
      const tried = part.body ? this.body(part, Math.imul(round, 37) + item + 1) : this.attempts(part);
      const end = (lanes[lane] ?? 0) + (tried.ms + (item ? part.delayMs : 0)) * scale;
      lanes[lane] = end;
      endMs = Math.max(endMs, end);
      if (!tried.code) toUndo += tried.toUndo * weight;
      else if ((failed += weight) > part.tolerated(count)) code = part.nature === "loop" ? tried.code : "items_failed";
    }
    return { ms: endMs, code, lastMs: 0, toUndo };
  }
}

/** Whether a point of no return lies behind a step that has just failed. */
function isPast(pivots: readonly Part[], part: Part): boolean {
  return pivots.some((pivot) => (pivot === part ? UNKNOWN.has(part.failure) : pivot.state === "done" && pivot.endMs <= part.endMs));
}

/** Whether an attempt of a step was under way at a time; what only waits is ended then. */
function isUnderWay({ nature, state, readyMs, endMs, lastMs }: Part, at: number): boolean {
  return state !== "skipped" && state !== "unreached" && nature !== "hold" && readyMs < at && endMs > at && endMs - at <= lastMs;
}
