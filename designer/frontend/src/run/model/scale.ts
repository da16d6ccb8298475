/** Moments of a run as places on a line of time. Pure. */

const SECONDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000];
const MINUTE_MS = 60_000;
const MINUTES_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440].map((minutes) => minutes * MINUTE_MS);
const DAY_MS = 86_400_000;
const ROUND_MS = [...SECONDS_MS, ...MINUTES_MS];
/** Beyond this there is no room for a mark's words. */
const AT_END = 0.97;
export const MARKS_MAX = 60;

export interface Scale {
  readonly from: number;
  readonly to: number;
}

/** 0 … 1, whatever lies outside. */
export function placeOf({ from, to }: Scale, at: number): number {
  return to > from ? Math.min(Math.max((at - from) / (to - from), 0), 1) : 0;
}

/** Round distances from the start, about `count` on the whole line, and of those the ones in its part `seen`. */
export function marksOf({ from, to }: Scale, count: number, seen: Scale = { from: 0, to: 1 }): readonly number[] {
  const length = to - from;
  const step = ROUND_MS.find((each) => length / each <= Math.max(count, 1)) ?? Math.ceil(length / Math.max(count, 1) / DAY_MS) * DAY_MS;
  const first = Math.max(0, Math.floor((seen.from * length) / step));
  const last = Math.min(Math.ceil((seen.to * length) / step), first + MARKS_MAX, Math.floor((length * AT_END) / step));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}
