import { describe, expect, it } from "vitest";
import { describe as say } from "../src/run/model/describe";
import { parseFrame, type Frame } from "../src/run/model/frame";
import { duration, fillTime, short } from "../src/shared/time";

const frame = (type: string, data: Frame["data"] = {}, attempt = 1): Frame =>
  ({ seq: 1, type, step: "a", attempt, at: "", status: "running", data });

describe("journal entries in words", () => {
  it.each<[Frame, string]>([
    [frame("step.completed", { duration_ms: 41 }), "completed in 41 ms"],
    [frame("step.started", {}, 2), "started, attempt 2"],
    [frame("step.started", { items: 7 }), "started, 7 items"],
    [frame("step.started", { direction: "verify" }), "started: asks what became of it"],
    [frame("step.waiting", { for: "signal", signal: "paid" }), "waits for the signal paid"],
    [frame("compensation.completed", { undo: "resolved" }), "undone by hand"],
    [frame("run.compensating", { plan: ["b", "a"] }), "Undo begins: 2 steps to undo"],
    [frame("run.compensating", { plan: [] }), "Undo begins: nothing to undo"],
    [frame("intervention.answered", { answer: "retry", by: "ada" }), "was answered with “retry” by ada"],
    [frame("signal.received", { name: "paid", by: "ada" }), "Signal received: paid by ada"],
    [frame("something.new"), "something.new"],
  ])("%#", (given, words) => {
    expect(say(given).what).toBe(words);
  });

  it("tell the error, the plan and the note in a second line", () => {
    expect(say(frame("step.failed", { error: { code: "timeout", message: "30 s" } })).more).toBe("timeout: 30 s");
    expect(say(frame("run.compensating", { plan: ["b", "a"] })).more).toBe("b, a");
    const many = Array.from({ length: 15 }, (_, index) => `s${index}`);
    expect(say(frame("run.compensating", { plan: many })).more).toMatch(/s11 and 3 more$/);
  });

  it("belong to a kind, and problems are marked", () => {
    const kinds = ["run.started", "step.failed", "compensation.failed", "intervention.opened"].map((type) => say(frame(type)));
    expect(kinds.map(({ kind }) => kind)).toEqual(["run", "step", "undo", "person"]);
    expect(kinds.map(({ isProblem }) => isProblem)).toEqual([false, true, true, true]);
  });
});

describe("frames", () => {
  it("are refused when they are none", () => {
    for (const text of ["", "{", "1", "null", "[]", '{"seq":"1","type":"x"}', '{"seq":1}']) expect(parseFrame(text)).toBeNull();
  });

  it("get defaults for what they leave out", () => {
    expect(parseFrame('{"seq":1,"type":"run.created","data":null}')).toEqual(
      { seq: 1, type: "run.created", step: "", attempt: 0, at: "", status: "", data: {} },
    );
  });
});

describe("times", () => {
  it.each([
    [0, "0 ms"], [41.4, "41 ms"], [1_200, "1.2 s"], [30_000, "30 s"], [59_949, "59.9 s"], [59_960, "1 min"], [125_000, "2 min 5 s"],
    [3_600_000, "1 h"], [3_780_000, "1 h 3 min"], [187_200_000, "2 d 4 h"],
  ])("%i ms is %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it("name the day unless it is today", () => {
    const now = new Date(2026, 10, 22, 12);
    expect(short(new Date(2026, 10, 22, 9, 5), now)).not.toContain("22");
    expect(short(new Date(2026, 10, 21, 9, 5), now)).toContain("21");
    expect(short(new Date(2025, 10, 21, 9, 5), now)).toContain("2025");
  });

  it("keep the exact value on hover, and leave alone what is no time", () => {
    const time = document.createElement("time");
    fillTime(time, "2026-11-22T20:32:01.123456Z");
    expect(time.dateTime).toBe("2026-11-22T20:32:01.123456Z");
    expect(time.title).toContain("2026");
    fillTime(time, "soon");
    expect(time.dateTime).toBe("2026-11-22T20:32:01.123456Z");
  });
});
