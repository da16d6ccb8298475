/** Places by ELK: in both directions, without overlap, branches in the order of the document. */
import { describe, expect, it } from "vitest";
import { applyCommand } from "../../../src/editor/model/commands";
import { placesIn, NODE_HEIGHT, NODE_WIDTH, stepViews, unplaced } from "../../../src/graph/model/nodes";
import { outlineOf } from "../../../src/graph/model/outline";
import { stepsOf, textOf, type Document } from "../../../src/graph/model/document";
import { directionOf } from "../../../src/graph/layout/direction";
import { readJson, writeJson } from "../../../src/shared/json";
import { CATALOG, contract, ORDER } from "../../documents";
import { PATTERNS, placed } from "./canvases";

describe("the places of steps", () => {
  it("lead to the right or down, only where something has none", async () => {
    expect(unplaced(ORDER)).toEqual(["charge", "ship"]);
    const [right, down] = [await placed(ORDER, "right"), await placed(ORDER, "down")];
    expect(right.get("charge")![0]).toBeGreaterThan(right.get("reserve")![0] + NODE_WIDTH);
    expect(down.get("ship")![1]).toBeGreaterThan(down.get("charge")![1] + NODE_HEIGHT);
    expect([directionOf(ORDER, right), directionOf(ORDER, down)]).toEqual(["right", "down"]);
  });

  it.each(PATTERNS.map((document) => [textOf(document.name), document] as const))("of %s show which way they lead", async (_, document) => {
    for (const direction of ["right", "down"] as const) expect([direction, null]).toContain(directionOf(document, await placed(document, direction)));
  });

  it("put branches in the order of the document", async () => {
    const names = ["c", "a", "d", "b"];
    const document: Document = { steps: [{ name: "start" }, ...names.map((name) => ({ name }))], edges: names.map((to) => ({ from: "start", to })) };
    for (const [direction, axis] of [["right", 1], ["down", 0]] as const) {
      const places = await placed(document, direction);
      expect([...names].sort((one, other) => places.get(one)![axis] - places.get(other)![axis])).toEqual(names);
    }
  });

  it("do not depend on names, not on those of JavaScript's properties either", async () => {
    const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "__defineGetter__", "undefined", "0"];
    const chainOf = (all: string[]): Document => ({ steps: all.map((name) => ({ name })), edges: all.slice(1).map((to, place) => ({ from: all[place]!, to })) });
    const odd = chainOf(names);
    const layout = await placed(odd, "right");
    expect([...layout.values()]).toEqual([...(await placed(chainOf(names.map((_, place) => `step_${place}`)), "right")).values()]);
    const moved = applyCommand(odd, { do: "move", layout });
    expect(placesIn(readJson(writeJson(moved)) as typeof odd)).toEqual(layout);
    expect(outlineOf(moved, stepViews(moved, CATALOG, new Map()), new Set()).map(({ step }) => step)).toEqual(names);
  });

  it.each(["valid.json", "graph.json", "shape.json"])("are there for every step of every document of %s", async (file) => {
    for (const document of contract(file)) expect([...(await placed(document, "down")).keys()]).toHaveLength(stepsOf(document).length);
  });
});
