/** Journal entries in words. */
import { describe, expect, it } from "vitest";
import { describe as say } from "../../../src/run/model/describe";
import type { Frame } from "../../../src/run/model/frame";

const frame = (type: string, data: Frame["data"] = {}, attempt = 1): Frame =>
  ({ seq: 1, type, step: "a", attempt, at: "", status: "running", data });

describe("journal entries in words", () => {
  it.each<[Frame, string]>([
    [frame("step.completed", { duration_ms: 41 }), "completed in 41 ms"],
    [frame("step.started", {}, 2), "started, attempt 2"],
    [frame("step.started", { items: 7 }), "started, 7 items"],
    [frame("step.started", { direction: "verify" }), "started: asks what became of it"],
    [frame("step.queued", { held_up: true }), "queued; it begins when the run is resumed"],
    [frame("step.waiting", { for: "signal", signal: "paid" }), "waits for the signal paid"],
    [frame("compensation.completed", { undo: "resolved" }), "undone by hand"],
    [frame("run.compensating", { plan: ["b", "a"] }), "Undo begins: 2 steps to undo"],
    [frame("compensation.completed", { undo: "abandoned", left: 2, left_names: ["mail", "pay/fee"] }), "left undone: 2 effects (mail, pay/fee)"],
    [frame("run.failed", { left: 1 }), "Run failed: 1 effect left undone"],
    [frame("run.compensating", { plan: [] }), "Undo begins: nothing to undo"],
    [frame("intervention.answered", { answer: "retry", by: "ada" }), "was answered with “retry” by ada"],
    [frame("signal.received", { name: "paid", by: "ada" }), "Signal received: paid by ada"],
    [frame("step.started", { items: 0 }), "started"],
    [frame("step.waiting", { for: "delay", item: "turn" }), "waits before its turn"],
    [frame("step.waiting", { for: "child", detached: true }), "waits for its run to start"],
    [frame("step.enough", { by: "ada" }), "ends after this turn by ada"],
    [frame("step.completed", { enough: true }), "completed; these are enough"],
    [frame("step.failed", { caught: true, taken: ["later"] }), "failed; caught, goes on to later"],
    [frame("something.new"), "something.new"],
  ])("%#", (given, words) => {
    expect(say(given).what).toBe(words);
  });

  it("tell the error, the plan and the note in a second line", () => {
    expect(say(frame("step.failed", { error: { code: "timeout", message: "30 s" } })).more).toBe("timeout: 30 s");
    expect(say(frame("run.compensating", { plan: ["b", "a"] })).more).toBe("b, a");
    expect(say(frame("run.compensating", { plan: ["b"], past_pivot: ["p"] })).more)
      .toBe("b. It goes back past the point of no return: p");
    const many = Array.from({ length: 15 }, (_, index) => `s${index}`);
    expect(say(frame("run.compensating", { plan: many })).more).toMatch(/s11 and 3 more$/);
  });

  it("belong to a kind, and problems are marked", () => {
    const kinds = ["run.started", "step.failed", "compensation.failed", "intervention.opened"].map((type) => say(frame(type)));
    expect(kinds.map(({ kind }) => kind)).toEqual(["run", "step", "undo", "person"]);
    expect(kinds.map(({ isProblem }) => isProblem)).toEqual([false, true, true, true]);
  });
});
