/** Trials: what must be said before one, and how its frames look on the canvas. */
import { describe, expect, it } from "vitest";
import { actingIn, unknownOf } from "../src/editor/model/effects";
import { catalogOf, type Worker } from "../src/graph/model/catalog";
import { agreedWorkers, agreeTo } from "../src/editor/trials/consent";
import { statusOf } from "../src/editor/trials/LiveTrial";
import { sourceText } from "../src/editor/trials/sources";
import { newItems, newStep } from "../src/run/model/state";

const worker = (name: string, compensation: string | null): Worker =>
  ({ name, title: name, category: "", doc: "", params_schema: null, compensation, timeout: null, retry: null });
const CATALOG = catalogOf([worker("charge", "refund"), worker("mail", "irreversible"), worker("read", "none"), worker("odd", null)]);
const DRAFT = {
  steps: [
    { name: "a", worker: "charge" }, { name: "b", worker: "charge" }, { name: "c", worker: "mail" }, { name: "d", worker: "read" },
    { name: "e", worker: "odd", fallback: { worker: "other" } }, { name: "f", kind: "workflow", workflow: "inner" }, { name: "g", kind: "wait", seconds: 1 },
  ],
};

describe("before a trial", () => {
  it("each worker that acts is named once, with what becomes of its effect", () => {
    expect(actingIn(DRAFT, CATALOG).map(({ worker: name, says }) => `${name}: ${says}`)).toEqual([
      "charge: acts, and is undone by refund", "mail: acts, and cannot be undone",
      "odd: may act; nobody has said how it is undone", "other: may act in place of odd",
      "workflow inner: runs for real, with all its workers",
    ]);
    expect(actingIn(DRAFT, CATALOG, "c").map(({ worker: name }) => name)).toEqual(["mail"]);
    expect(actingIn(DRAFT, CATALOG, "d")).toEqual([]);
  });

  it("a person is asked once for each worker", () => {
    const acting = actingIn(DRAFT, CATALOG);
    expect(unknownOf(acting, agreedWorkers())).toHaveLength(5);
    agreeTo(["charge", "mail"]);
    expect(unknownOf(acting, agreedWorkers()).map(({ worker: name }) => name)).toEqual(["odd", "other", "workflow inner"]);
  });
});

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

describe("sources of values", () => {
  it("say what they are", () => {
    const source = { id: "1", status: "compensated", trial: true, created_at: "2026-01-31T09:00:00Z" };
    expect(sourceText(source)).toMatch(/^the trial of .* \(compensated\)$/);
  });
});
