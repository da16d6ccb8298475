/** Makes a draft and the figures of its steps ready for samples. Pure. */
import { present } from "../../shared/present";
import { idOf } from "../model/bodies";
import type { Catalog } from "../model/catalog";
import { callOf, edgesOf, errorsOf, idsOf, isErrorEdge, isObject, kindOf, repeats, stepsOf, textOf, type Document, type Edge, type Step } from "../model/document";
import { begun, total, type Basis, type Facts } from "./basis";
import { hashOf, Shares, Times } from "./chance";
import { factsOf, NO_ODDS, oddsOf } from "./odds";
import type { Doubts, Nature, Part, Plan, Undo } from "./parts";
import { defaultsOf, numberOf, onFailureOf, patternsOf, policiesOf, timeoutOf, toleratedOf, undoOf, type Defaults } from "./resolve";

const WINDOW = 64;
const MS = 1000;

/** What the graphs of a workflow share. */
export interface Making {
  readonly catalog: Catalog;
  readonly basis: Basis;
  readonly doubts: Doubts;
  /** The edges that the figures were counted with, as `path/from>to`; another one was never met. */
  readonly met: ReadonlySet<string>;
  readonly defaults: Defaults;
}

/** Null for a graph with a circle, or without steps. `published`: what the figures are of. */
export function compile(document: Document, catalog: Catalog, basis: Basis, published: Document | null): { readonly plan: Plan; readonly doubts: Doubts } | null {
  const doubts: Doubts = { unknown: [], few: [], elsewhere: [], branches: [], guards: [] };
  const making: Making = { catalog, basis, doubts, met: new Set(published ? edgeKeys(published, "") : []), defaults: defaultsOf(document) };
  const plan = planOf(document, "", making, document.compensation_order === "parallel", numberOf(document.timeout, Infinity) * MS);
  return plan?.parts.length ? { plan, doubts } : null;
}

function edgeKeys(document: Document, path: string): string[] {
  const inner = stepsOf(document).flatMap((step) => (isObject(step.body) ? edgeKeys(step.body, idOf(path, textOf(step.name))) : []));
  return [...edgesOf(document).map((edge) => keyOf(path, edge)), ...inner];
}

const keyOf = (path: string, edge: Edge): string => `${path}/${textOf(edge.from)}>${textOf(edge.to)}`;

function planOf(document: Document, path: string, making: Making, isParallel: boolean, timeoutMs: number): Plan | null {
  const steps = stepsOf(document);
  const parts = new Map<string, Part>();
  for (const [index, name] of idsOf(steps).entries()) {
    const part = partOf(present(steps[index]), idOf(path, name), making, isParallel);
    if (!part) return null;
    parts.set(name, part);
  }
  for (const [name, part] of parts) leadOn(document, path, name, part, parts, making);
  const order = topological([...parts.values()]);
  return order && { parts: order, pivots: order.filter(({ isPivot }) => isPivot), isParallel, timeoutMs };
}

function topological(parts: readonly Part[]): Part[] | null {
  const unmet = new Map(parts.map((part) => [part, part.sources.length]));
  const order = parts.filter((part) => !part.sources.length);
  for (const part of order) {
    for (const next of [...part.plain, ...part.ways.map(({ to }) => to), ...part.catches.map(({ to }) => to)]) {
      const left = (unmet.get(next) ?? 0) - 1;
      unmet.set(next, left);
      if (!left) order.push(next);
    }
  }
  return order.length === parts.length ? order : null;
}

/** Joins a part to those that its edges lead to, with the shares of its branches. */
function leadOn(document: Document, path: string, name: string, part: Part, parts: ReadonlyMap<string, Part>, making: Making): void {
  const edges = edgesOf(document).filter((edge) => edge.from === name && parts.has(textOf(edge.to)));
  const target = (edge: Edge): Part => present(parts.get(textOf(edge.to)));
  for (const edge of edges) target(edge).sources.push(part);
  for (const edge of edges.filter(isErrorEdge)) {
    const patterns = patternsOf(errorsOf(edge));
    part.catches.push({ to: target(edge), fits: (code) => !patterns.length || patterns.some((pattern) => pattern.test(code)) });
  }
  const onward = edges.filter((edge) => !isErrorEdge(edge));
  const choices = onward.filter(isChoice);
  part.plain.push(...onward.filter((edge) => !isChoice(edge)).map(target));
  const shares = sharesOf(choices, path, name, making);
  part.ways.push(...choices.map((edge, index) => ({ to: target(edge), share: shares[index] ?? 0 })));
}

const isChoice = (edge: Edge): boolean => textOf(edge.when) !== "" || edge.otherwise === true;

/** How often each branch is taken. A branch that no run has met is assumed to be as frequent as the others. */
function sharesOf(choices: readonly Edge[], path: string, name: string, { basis, doubts, met }: Making): number[] {
  if (!choices.length) return [];
  const id = idOf(path, name);
  const { ended = 0, taken = {} } = basis.steps[id] ?? {};
  const isKnown = (edge: Edge): boolean => met.has(keyOf(path, edge)) || textOf(edge.to) in taken;
  if (ended < basis.least || !choices.every(isKnown)) {
    doubts.branches.push(id);
    return choices.map(() => 1 / choices.length);
  }
  const shares = choices.map((edge) => Math.min(1, (taken[textOf(edge.to)] ?? 0) / ended));
  const sum = shares.reduce((all, share) => all + share, 0);
  return sum > 0 ? shares.map((share) => share / sum) : choices.map(() => 1 / choices.length);
}

function natureOf(step: Step): Nature {
  const kind = kindOf(step);
  if (kind === "set") return "instant";
  if (kind === "fail") return "fails";
  if (kind === "map") return "map";
  if (repeats(step)) return "loop";
  if (isObject(step.body)) return "body";
  return kind === "task" ? "attempts" : "hold";
}

function partOf(step: Step, id: string, making: Making, isParallel: boolean): Part | null {
  const { catalog, basis: { steps, least }, defaults, doubts } = making;
  const nature = natureOf(step);
  const body = isObject(step.body) ? planOf(step.body, id, making, isParallel, numberOf(step.timeout, Infinity) * MS) : null;
  if (isObject(step.body) && !body) return null;
  const fixed = nature === "hold" ? fixedOf(step) : null;
  const facts: Facts = steps[id] ?? {};
  const known = fixed !== null || body || nature === "instant" || nature === "fails" ? { facts, odds: NO_ODDS } : factsOf(step, id, nature === "map" || nature === "loop" ? "item" : "own", making);
  const fallback = callOf(step.fallback);
  const items = nature === "map" || nature === "loop" ? Shares.of(facts.items) : null;
  if (body && (nature === "map" || nature === "loop") && total(facts.items) < least) doubts[items ? "few" : "unknown"].push(id);
  return {
    ...emptySample(), name: id, salt: hashOf(id), nature, odds: known.odds,
    fallback: fallback ? oddsOf(facts.fallback) : null, policies: policiesOf(step, catalog, defaults), timeoutMs: timeoutOf(step, catalog, defaults),
    ...lateness(step), fixedMs: fixed, code: textOf(step.code) || "failed", skips: skipsOf(step, id, facts, making),
    onFailure: onFailureOf(step, defaults), isPivot: step.pivot === true, undo: undoPartOf(step, known.facts, making), person: personOf(facts),
    body, items, window: nature === "loop" ? 1 : numberOf(step.max_concurrency, WINDOW), tolerated: nature === "loop" ? () => 0 : toleratedOf(step),
    delayMs: nature === "loop" ? numberOf(step.delay, 0) * MS : 0, plain: [], ways: [], catches: [], sources: [],
  };
}

function emptySample(): Pick<Part, "taken" | "readyMs" | "endMs" | "lastMs" | "toUndo" | "state" | "failure" | "from"> {
  return { taken: 0, readyMs: 0, endMs: 0, lastMs: 0, toUndo: 0, state: "unreached", failure: "", from: null };
}

/** The seconds of a wait, where they are written down. */
function fixedOf(step: Step): number | null {
  return kindOf(step) === "wait" && !textOf(step.signal) && !textOf(step.event) && !textOf(step.until) && typeof step.seconds !== "string" && !Array.isArray(step.any_of) ? numberOf(step.seconds, 0) * MS : null;
}

/** What a wait, or an approval, in vain comes to. */
function lateness(step: Step): Pick<Part, "lateCode"> {
  if (kindOf(step) !== "approval") return { lateCode: "timeout" };
  return { lateCode: step.on_timeout === "approve" ? "" : step.on_timeout === "reject" ? "rejected" : "timeout" };
}

function skipsOf(step: Step, id: string, { skipped = 0, reached = 0 }: Facts, { basis: { least }, doubts }: Making): number {
  if (!textOf(step.when)) return 0;
  if (skipped + reached >= least) return skipped / (skipped + reached);
  doubts.guards.push(id);
  return 0;
}

/** An undo that was never needed is assumed to take as long as its step. */
function undoPartOf(step: Step, facts: Facts, { catalog }: Making): Undo | null {
  const is = undoOf(step, catalog);
  if (!is) return null;
  const { ms, failed = 0 } = facts.undo ?? {};
  const tries = begun(facts.own) ? facts.own : facts.item;
  return { is, time: Times.of(ms) ?? Times.of(tries?.good), failed: failed / Math.max(1, total(ms) + failed), answer: Times.of(facts.undo_person?.ms) };
}

function personOf({ person }: Facts): Part["person"] {
  return { answers: Shares.of(person?.answers), time: Times.of(person?.ms) };
}
