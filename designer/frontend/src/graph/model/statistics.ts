/** Statistics of a step over the ended runs of a version, in words. Pure. */
import { withPlainNumbers } from "../../shared/json";
import { duration } from "../../shared/time";
import { STEP_LOOKS } from "../../shared/vocabulary";

export interface StepStatistics {
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly retried: number;
  readonly undone: number;
  readonly undo_failed: number;
  readonly left: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}
export type Statistics = ReadonlyMap<string, StepStatistics>;

export interface StatisticsAnswer {
  readonly steps: Readonly<Record<string, StepStatistics>>;
}

export const statisticsOf = ({ steps }: StatisticsAnswer): Statistics =>
  new Map(Object.entries(withPlainNumbers(steps) as StatisticsAnswer["steps"]));

export interface StatisticText {
  /** Name of an icon; none for how long it took. */
  readonly icon: string | null;
  readonly text: string;
  readonly description: string;
  readonly is: "ended" | "trouble" | "time";
}

const COUNTS: readonly (readonly [keyof StepStatistics, icon: string, description: string, is: StatisticText["is"]])[] = [
  ["completed", STEP_LOOKS.completed.icon, "completed", "ended"], ["failed", STEP_LOOKS.failed.icon, "failed", "trouble"],
  ["skipped", STEP_LOOKS.skipped.icon, "skipped", "ended"], ["retried", STEP_LOOKS.retrying.icon, "tried again", "trouble"],
];

/** Texts for the step itself; counts of zero are left out. */
export function textsOf(statistics: StepStatistics): readonly StatisticText[] {
  const counts = COUNTS.flatMap(([key, icon, description, is]): StatisticText[] => {
    const count = statistics[key] ?? 0;
    return count ? [{ icon, text: count.toLocaleString(), description: `${description} ${times(count)}`, is }] : [];
  });
  const { p50_ms: median, p95_ms: p95 } = statistics;
  if (median === null || p95 === null) return counts;
  const text = median === p95 ? duration(median) : `${duration(median)} – ${duration(p95)}`;
  return [...counts, { icon: null, text, description: `half of them took at most ${duration(median)}, 95 of 100 at most ${duration(p95)}`, is: "time" }];
}

/** The text beside its undo slot. */
export function undoText({ undone, undo_failed: failed, left }: StepStatistics): string {
  const counts: [number, string][] = [[undone, "undone"], [failed, "failed"], [left, "left undone"]];
  return counts.filter(([count]) => count > 0).map(([count, word]) => `${count.toLocaleString()}× ${word}`).join(", ");
}

const times = (count: number): string => (count === 1 ? "once" : `${count.toLocaleString()} times`);
