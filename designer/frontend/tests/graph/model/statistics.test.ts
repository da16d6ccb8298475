/** Statistics of ended runs, in words. */
import { expect, it } from "vitest";
import { statisticsOf, undoText, textsOf, type StepStatistics } from "../../../src/graph/model/statistics";

const NONE: StepStatistics = { completed: 0, failed: 0, skipped: 0, retried: 0, undone: 0, undo_failed: 0, left: 0, p50_ms: null, p95_ms: null };
const texts = (statistics: Partial<StepStatistics>) => textsOf({ ...NONE, ...statistics }).map(({ text, description }) => `${text}: ${description}`);

it.each<[Partial<StepStatistics>, string[]]>([
  [{}, []],
  [{ completed: 1 }, ["1: completed once"]],
  [{ failed: 2, retried: 5 }, ["2: failed 2 times", "5: tried again 5 times"]],
  [{ skipped: 3 }, ["3: skipped 3 times"]],
  [{ p50_ms: 40, p95_ms: 1_200 }, ["40 ms – 1.2 s: half of them took at most 40 ms, 95 of 100 at most 1.2 s"]],
  [{ p50_ms: 40, p95_ms: 40 }, ["40 ms: half of them took at most 40 ms, 95 of 100 at most 40 ms"]],
])("says what happened, and nothing of what did not: %o", (statistics, expected) => {
  expect(texts(statistics)).toEqual(expected);
});

it("says how often it was undone", () => {
  expect(undoText(NONE)).toBe("");
  expect(undoText({ ...NONE, undone: 4, undo_failed: 1 })).toBe("4× undone, 1× failed");
  expect(undoText({ ...NONE, left: 2 })).toBe("2× left undone");
  expect(statisticsOf({ steps: { a: NONE } }).get("a")).toEqual(NONE);
});
