/** Stretches of time, from a step's entries. */
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/run/model/frame";
import { spanText, attemptsText, spansOf } from "../../../src/run/model/spans";
import { newStep } from "../../../src/run/model/state";
import { Journal } from "../../frames";

const shape = (frames: readonly Frame[]) => spansOf(frames).map(({ kind, number, outcome }) => [kind, number, outcome].filter(Boolean).join(" "));

describe("spans", () => {
  it("tells attempts, waits between them and undos", () => {
    const journal = new Journal().add("step.queued", "a").add("step.started", "a", { attempt: 1 }).add("step.retry_scheduled", "a");
    journal.add("step.queued", "a").add("step.started", "a", { attempt: 2 }).add("step.progress", "a").add("step.completed", "a");
    journal.add("compensation.started", "a", { attempt: 1, data: { direction: "undo" } }).add("compensation.retry_scheduled", "a");
    journal.add("compensation.started", "a", { attempt: 2, data: { direction: "undo" } }).add("compensation.completed", "a");
    expect(shape(journal.frames)).toEqual([
      "queued", "attempt 1 retried", "delay", "queued", "attempt 2 completed", "undo 1 retried", "delay", "undo 2 completed",
    ]);
    expect(attemptsText(spansOf(journal.frames))).toBe("2 attempts, 2 undo attempts");
  });

  it.each([
    ["a signal", { for: "signal", signal: "paid" }, "waits for the signal paid"],
    ["a person", { for: "approval" }, "waits for approval"],
    ["a child", { for: "child" }, "waits for its own run"],
    ["a time", { for: "time" }, "waits for its time"],
  ])("says what is waited for: %s", (_, data, words) => {
    expect(spanText(spansOf(new Journal().add("step.waiting", "a", { data }).frames)[0]!)).toBe(words);
  });

  it("lasts until somebody answers, and ends with a cancellation that only the run tells", () => {
    const journal = new Journal().add("step.started", "a", { attempt: 1 }).add("step.failed", "a").add("intervention.opened", "a");
    expect(spansOf(journal.frames).at(-1)).toMatchObject({ kind: "blocked", to: null });
    journal.add("intervention.answered", "a");
    expect(shape(journal.frames)).toEqual(["attempt 1 failed", "blocked answered"]);
    const queued = new Journal().add("step.queued", "b").frames;
    const cancelled = { ...newStep("b"), status: "cancelled" as const, finishedAt: "2030-01-01T00:00:00Z" };
    expect(spansOf(queued, cancelled)[0]).toMatchObject({ outcome: "cancelled", to: Date.parse("2030-01-01T00:00:00Z") });
  });
});
