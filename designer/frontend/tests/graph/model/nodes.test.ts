/** The document as nodes and edges of the canvas. */
import { describe, expect, it } from "vitest";
import { stepsOf } from "../../../src/graph/model/document";
import { autoLayout } from "../../../src/graph/model/layout";
import { edgeViews, NODE_WIDTH, stepViews, unplaced } from "../../../src/graph/model/nodes";
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

  it("lays out from left to right without overlap, only what has no place", () => {
    expect(unplaced(ORDER)).toEqual(["charge", "ship"]);
    const places = autoLayout(ORDER);
    expect(places.charge![0]).toBeGreaterThan(places.reserve![0] + NODE_WIDTH);
    expect(places.ship![0]).toBeGreaterThan(places.charge![0] + NODE_WIDTH);
  });

  it.each(["valid.json", "graph.json", "shape.json"])("draws every document of %s without failing", (file) => {
    for (const document of contract(file)) {
      expect(stepViews(document, CATALOG, new Map()).size).toBe(stepsOf(document).length);
      edgeViews(document, new Map());
      expect(Object.keys(autoLayout(document))).toHaveLength(stepsOf(document).length);
    }
  });
});
