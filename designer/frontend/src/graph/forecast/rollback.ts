/** What a rollback undoes, and how long that takes. Pure. */
import type { Part, Plan } from "./parts";

/** The rollback begins at `failedAt`; what was under way then has ended at `drainedAt`. */
export interface Begun {
  readonly failedAt: number;
  readonly drainedAt: number;
  /** The step that failed, if it may have had its effect. */
  readonly unsure: Part | null;
}

/** Milliseconds until all that was done is undone; -1 where there was nothing to undo. */
export function rollBack(plan: Plan, { failedAt, drainedAt, unsure }: Begun, time: (part: Part) => number): number {
  const isOver = ({ readyMs, endMs }: Part): boolean => endMs <= failedAt || (readyMs < failedAt && endMs <= drainedAt);
  const undone = plan.parts.filter((part) => part === unsure || (part.undo !== null && part.state === "done" && part.toUndo > 0 && isOver(part)));
  if (!undone.length) return -1;
  if (!plan.isParallel) return undone.reduce((sum, part) => sum + time(part), 0);
  return inParallel(plan, new Map(undone.map((part) => [part, time(part)])));
}

/** The undo of a step waits for those of the steps behind it. */
function inParallel({ parts }: Plan, times: ReadonlyMap<Part, number>): number {
  const ends = new Map<Part, number>();
  let last = 0;
  for (const part of [...parts].reverse()) {
    const end = (ends.get(part) ?? 0) + (times.get(part) ?? 0);
    last = Math.max(last, end);
    for (const source of part.sources) ends.set(source, Math.max(ends.get(source) ?? 0, end));
  }
  return last;
}
