/** Statuses of steps on the canvas. */
import { describe, expect, it } from "vitest";
import { statusOf } from "../../../src/run/live/stepStatus";
import { newItems, newStep } from "../../../src/run/model/state";

describe("on the canvas", () => {
  it("a step that was never reached says so once the trial has ended", () => {
    expect(statusOf(newStep("a"), false)).toEqual({ status: "pending", undo: "none" });
    expect(statusOf(newStep("a"), true)).toEqual({ status: "unreached", undo: "none" });
  });

  it("attempts and items are counted", () => {
    expect(statusOf({ ...newStep("a"), status: "running", attempt: 2 }, false).note).toBe("attempt 2");
    const items = { ...newItems(5), counts: { completed: 3 } };
    expect(statusOf({ ...newStep("a"), status: "running", items }, false).note).toBe("3 of 5");
  });
});
