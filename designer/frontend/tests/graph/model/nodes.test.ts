/** The document as nodes and edges of the canvas. */
import { describe, expect, it } from "vitest";
import { stepsOf, type Document } from "../../../src/graph/model/document";
import { autoLayout } from "../../../src/graph/model/layout";
import { applyCommand } from "../../../src/editor/model/commands";
import { doesOf, edgeViews, NODE_WIDTH, placesIn, stepViews, unplaced } from "../../../src/graph/model/nodes";
import { outlineOf } from "../../../src/graph/model/outline";
import { marksOf } from "../../../src/graph/model/problems";
import { readJson, writeJson } from "../../../src/shared/json";
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

  it("lays out from left to right without overlap, only what has no place", () => {
    expect(unplaced(ORDER)).toEqual(["charge", "ship"]);
    const left = (name: string): number => autoLayout(ORDER).get(name)![0];
    expect(left("charge")).toBeGreaterThan(left("reserve") + NODE_WIDTH);
    expect(left("ship")).toBeGreaterThan(left("charge") + NODE_WIDTH);
  });

  it("lays out steps that are named like properties of JavaScript as any others", () => {
    const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "__defineGetter__", "undefined", "0"];
    const chainOf = (all: string[]): Document => ({ steps: all.map((name) => ({ name })), edges: all.slice(1).map((to, place) => ({ from: all[place]!, to })) });
    const plain = names.map((_, place) => `step_${place}`);
    const odd = chainOf(names);
    expect(unplaced(odd)).toEqual(names);
    expect([...autoLayout(odd).values()]).toEqual([...autoLayout(chainOf(plain)).values()]);
    const moved = applyCommand(odd, { do: "move", layout: autoLayout(odd) });
    expect(placesIn(readJson(writeJson(moved)) as typeof odd)).toEqual(autoLayout(odd));
    expect(outlineOf(moved, stepViews(moved, CATALOG, new Map()), new Set()).map(({ step }) => step)).toEqual(names);
  });

  it.each(["valid.json", "graph.json", "shape.json"])("draws every document of %s without failing", (file) => {
    for (const document of contract(file)) {
      expect(stepViews(document, CATALOG, new Map()).size).toBe(stepsOf(document).length);
      edgeViews(document, new Map());
      expect([...autoLayout(document).keys()]).toHaveLength(stepsOf(document).length);
    }
  });
});
