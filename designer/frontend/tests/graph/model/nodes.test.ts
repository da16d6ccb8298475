/** The document as nodes and edges of the canvas. */
import { describe, expect, it } from "vitest";
import { stepsOf } from "../../../src/graph/model/document";
import { doesOf, edgeViews, stepViews } from "../../../src/graph/model/nodes";
import { marksOf } from "../../../src/graph/model/problems";
import { CATALOG, contract, ORDER } from "../../documents";

describe("the derived canvas", () => {
  it("shows each step with its worker, badges and undo slot", () => {
    const views = stepViews(ORDER, CATALOG, marksOf([{ code: "x", path: "steps[1].worker", message: "", level: "error" }]));
    expect(views.get("reserve")!.slot).toEqual({ holds: "action", text: "release_inventory", isOwn: true });
    expect(views.get("charge")).toMatchObject({ badges: ["5 tries", "30 s"], slot: { text: "refund_payment", isOwn: false }, marks: { errors: 1 } });
    expect(views.get("ship")!.slot.holds).toBe("unstated");
  });

  it("shows edges with their condition", () => {
    expect(edgeViews(ORDER, new Map()).map(({ label }) => label)).toEqual(["", "context.paid"]);
  });

  it("names an edge for failures by the codes that it catches", () => {
    const edges = [{ from: "charge", to: "ship", on: "failed", errors: ["payment.*"], when: "late" }, { from: "reserve", to: "ship", on: "failed" }];
    expect(edgeViews({ ...ORDER, edges }, new Map()).map(({ label, isError }) => [label, isError])).toEqual([["fails: payment.* and late", true], ["fails", true]]);
  });

  it("counts the steps inside", () => {
    const body = { steps: [{ name: "a" }, { name: "b" }] };
    expect([{ kind: "group", body }, { kind: "loop", body }, { kind: "map", body: { steps: [{}] } }].map(doesOf)).toEqual(["2 steps", "2 steps in turns", "1 step for each item"]);
  });

  it("counts the policies of a step that has several", () => {
    const step = { name: "charge", worker: "charge_payment", retry: [{ only: ["busy"] }, { max_attempts: 2 }] };
    expect(stepViews({ steps: [step] }, CATALOG, new Map()).get("charge")!.badges).toEqual(["2 retry policies"]);
  });

  it.each(["valid.json", "graph.json", "shape.json"])("draws every document of %s without failing", (file) => {
    for (const document of contract(file)) {
      expect(stepViews(document, CATALOG, new Map()).size).toBe(stepsOf(document).length);
      edgeViews(document, new Map());
    }
  });
});
