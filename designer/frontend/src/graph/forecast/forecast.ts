/** The forecast of a draft: how long runs take, how often they roll back or ask a person, and which steps that is due to. Pure. */
import type { Catalog } from "../model/catalog";
import type { Document } from "../model/document";
import type { Basis } from "./basis";
import { Chance } from "./chance";
import { compile } from "./compile";
import type { Doubts, Part, Plan } from "./parts";
import { Sampler, type Outcome } from "./sample";

export const SAMPLES = 10_000;
export const SAMPLES_LEAST = 1_000;
const SEED = 20_261_130;
/** A graph that takes longer is forecast from fewer samples. */
const BUDGET_MS = 400;
const SAMPLES_A_LOOK = 500;

/** What is forecast of runs, by shares of all. */
export interface Figures {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly rolledBack: number;
  /** Ended without success, and with nothing to undo. */
  readonly failed: number;
  readonly asked: number;
  /** Steps that take time or fail, the most important first. */
  readonly steps: readonly StepShare[];
}
/** The shares of a step in the time of runs, along what they wait for, and in their failures. */
export interface StepShare {
  readonly name: string;
  readonly time: number;
  readonly failures: number;
}
export interface Forecast {
  readonly figures: Figures;
  readonly doubts: Doubts;
}

/** Null for a draft with a circle, or without steps. `published`: the document that the figures are of. */
export function forecast(document: Document, catalog: Catalog, basis: Basis, published: Document | null, now: () => number = () => 0): Forecast | null {
  const compiled = compile(document, catalog, basis, published);
  return compiled && { figures: figuresOf(compiled.plan, now), doubts: compiled.doubts };
}

function figuresOf(plan: Plan, now: () => number): Figures {
  const sampler = new Sampler(new Chance(SEED));
  const counted = new Counted(plan);
  const until = now() + BUDGET_MS;
  let sample = 0;
  while (sample < SAMPLES && (sample % SAMPLES_A_LOOK || sample < SAMPLES_LEAST || now() < until)) {
    sampler.sample = sample++;
    sampler.hasAsked = false;
    counted.add(sampler.graph(plan), sampler.hasAsked);
  }
  return counted.figures();
}

/** What samples add up to. */
class Counted {
  private readonly times: number[] = [];
  private readonly timeOf = new Map<Part, number>();
  private readonly failuresOf = new Map<Part, number>();
  private readonly troubles = { rolledBack: 0, failed: 0, asked: 0 };

  constructor(private readonly plan: Plan) {}

  add({ ms, hasFailed, isRolledBack, culprit }: Outcome, hasAsked: boolean): void {
    this.times.push(ms);
    if (hasFailed) this.troubles[isRolledBack ? "rolledBack" : "failed"] += 1;
    if (hasAsked) this.troubles.asked += 1;
    if (culprit) this.failuresOf.set(culprit, (this.failuresOf.get(culprit) ?? 0) + 1);
    for (let part = culprit ?? this.last(); part; part = part.from) this.timeOf.set(part, (this.timeOf.get(part) ?? 0) + part.endMs - part.readyMs);
  }

  private last(): Part | null {
    let last: Part | null = null;
    for (const part of this.plan.parts) if ((part.state === "done" || part.state === "failed") && part.endMs >= (last?.endMs ?? 0)) last = part;
    return last;
  }

  figures(): Figures {
    const times = Float64Array.from(this.times).sort();
    const samples = times.length;
    const [time, failures] = [sumOf(this.timeOf), sumOf(this.failuresOf)];
    const steps = this.plan.parts.map((part): StepShare => ({ name: part.name, time: (this.timeOf.get(part) ?? 0) / time, failures: (this.failuresOf.get(part) ?? 0) / failures }));
    const { rolledBack, failed, asked } = this.troubles;
    return {
      samples, p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95),
      rolledBack: rolledBack / samples, failed: failed / samples, asked: asked / samples,
      steps: steps.filter((step) => step.time + step.failures > 0).sort((a, b) => b.time + b.failures - a.time - a.failures),
    };
  }
}

const sumOf = (counts: ReadonlyMap<Part, number>): number => Math.max(Number.MIN_VALUE, [...counts.values()].reduce((sum, count) => sum + count, 0));

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
