/** What became of a step over the ended runs of a version, in words. Pure. */
import { duration } from "../../shared/time";
import { STEP_LOOKS } from "../../shared/vocabulary";

export interface StepFigures {
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly retried: number;
  readonly undone: number;
  readonly undo_failed: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}
export type Figures = ReadonlyMap<string, StepFigures>;

export interface Told {
  readonly steps: Readonly<Record<string, StepFigures>>;
}

export const figuresOf = ({ steps }: Told): Figures => new Map(Object.entries(steps));

export interface FigureWords {
  /** Name of an icon; none for how long it took. */
  readonly icon: string | null;
  readonly text: string;
  readonly says: string;
  readonly is: "ended" | "trouble" | "time";
}

const COUNTS: readonly (readonly [keyof StepFigures, icon: string, says: string, is: FigureWords["is"]])[] = [
  ["completed", STEP_LOOKS.completed.icon, "completed", "ended"], ["failed", STEP_LOOKS.failed.icon, "failed", "trouble"],
  ["skipped", STEP_LOOKS.skipped.icon, "skipped", "ended"], ["retried", STEP_LOOKS.retrying.icon, "tried again", "trouble"],
];

/** What is painted on the step itself: what never happened is left out. */
export function wordsOf(figures: StepFigures): readonly FigureWords[] {
  const counts = COUNTS.flatMap(([key, icon, says, is]): FigureWords[] => {
    const count = figures[key] ?? 0;
    return count ? [{ icon, text: count.toLocaleString(), says: `${says} ${times(count)}`, is }] : [];
  });
  const { p50_ms: half, p95_ms: most } = figures;
  if (half === null || most === null) return counts;
  const text = half === most ? duration(half) : `${duration(half)} – ${duration(most)}`;
  return [...counts, { icon: null, text, says: `half of them took at most ${duration(half)}, 95 of 100 at most ${duration(most)}`, is: "time" }];
}

/** What is painted beside its undo slot. */
export function undoWords({ undone, undo_failed: failed }: StepFigures): string {
  return [undone ? `${undone.toLocaleString()}× undone` : "", failed ? `${failed.toLocaleString()}× failed` : ""].filter(Boolean).join(", ");
}

const times = (count: number): string => (count === 1 ? "once" : `${count.toLocaleString()} times`);
