/** Attempts of a step, from its journal entries. */
import { expect, it } from "vitest";
import { attemptsOf, LINES_KEPT } from "../../../src/run/model/attempts";
import { Journal } from "../../frames";

const shape = (journal: Journal) => attemptsOf(journal.frames).map(({ direction, number, outcome }) => [direction, number, outcome]);

it("tells each attempt in both directions, and what it came to", () => {
  const journal = new Journal().add("step.started", "a", { attempt: 1, data: { process: "p1" } });
  journal.add("step.retry_scheduled", "a", { data: { error: { code: "exception", message: "no" } } });
  journal.add("step.started", "a", { attempt: 2 }).add("step.completed", "a");
  journal.add("compensation.started", "a", { attempt: 1, data: { direction: "undo" } });
  expect(shape(journal)).toEqual([["forward", 1, "retried"], ["forward", 2, "completed"], ["undo", 1, "running"]]);
  expect(attemptsOf(journal.frames)[0]).toMatchObject({ process: "p1", error: { code: "exception", message: "no" } });
});

it("keeps log lines with their attempt, up to a limit that it tells", () => {
  const journal = new Journal().add("step.started", "a", { attempt: 1 });
  for (let count = 0; count < 12; count += 1) {
    journal.add("step.progress", "a", { data: { log: Array.from({ length: 100 }, (_, line) => `${count}:${line}`), fraction: count / 12 } });
  }
  const [attempt] = attemptsOf(journal.frames);
  expect(attempt?.lines.length).toBe(LINES_KEPT);
  expect(attempt?.linesDropped).toBe(200);
  expect(attempt?.lines.at(-1)).toBe("11:99");
  expect(attempt?.progress).toBeCloseTo(11 / 12);
});
