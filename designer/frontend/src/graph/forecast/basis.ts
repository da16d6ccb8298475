/** What forecasts rest on: counters of ended runs, as `runs/statistics/forecast.py` gives them. Pure. */
import { withPlainNumbers } from "../../shared/json";

/** How often each size was counted; sixteen sizes an octave of milliseconds, see `runs/statistics/histogram.py`. */
export type Sizes = Readonly<Record<string, number>>;
export type Counts = Readonly<Record<string, number>>;

export interface Ends {
  readonly good?: number;
  readonly bad?: number;
}
/** Attempts of a step, or of its items. See `runs/statistics/step_facts.py`. */
export interface Tries {
  readonly wait?: Sizes;
  readonly good?: Sizes;
  readonly bad?: Sizes;
  readonly asked?: Sizes;
  readonly first?: Ends;
  readonly later?: Ends;
  readonly codes?: Counts;
  readonly critical?: Counts;
}
export interface Person {
  readonly asked?: number;
  readonly by_worker?: number;
  readonly ms?: Sizes;
  readonly answers?: Counts;
}
export interface Facts {
  /** The kind and what it calls: `task:charge_payment`. */
  readonly what?: string;
  readonly reached?: number;
  readonly skipped?: number;
  readonly ended?: number;
  readonly taken?: Counts;
  readonly caught?: Counts;
  /** By the number of items, or turns, how often there were so many. */
  readonly items?: Counts;
  readonly own?: Tries;
  readonly item?: Tries;
  readonly fallback?: Tries;
  readonly person?: Person;
  readonly undo_person?: Person;
  readonly undo?: { readonly ms?: Sizes; readonly failed?: number };
}
export interface Whole {
  readonly ends?: Counts;
  readonly ms?: Sizes;
  readonly rolled_back?: number;
  readonly asked?: number;
}
export interface Basis {
  /** Fewer runs, or attempts of a step, say nothing. */
  readonly least: number;
  readonly runs: number;
  readonly versions: readonly number[];
  readonly whole: Whole;
  readonly steps: Readonly<Record<string, Facts>>;
  /** Figures of workers whose steps here have too few, from other workflows. */
  readonly workers: Readonly<Record<string, { readonly facts: Facts; readonly workflows: readonly string[] }>>;
}

export const basisOf = (answer: unknown): Basis => withPlainNumbers(answer) as Basis;

export function total(counts: Counts | undefined): number {
  return counts ? Object.values(counts).reduce((sum, count) => sum + count, 0) : 0;
}

/** How many steps' work these attempts are. */
export const begun = ({ first }: Tries = {}): number => (first?.good ?? 0) + (first?.bad ?? 0);
