/** The graph as a tree. */
import { describe, expect, it } from "vitest";
import { catalogOf } from "../../../src/graph/model/catalog";
import { edgesOf, stepsOf, type Document } from "../../../src/graph/model/document";
import { stepViews } from "../../../src/graph/model/nodes";
import { outlineOf } from "../../../src/graph/model/outline";
import { ORDER } from "../../placedOrder";

describe("the outline", () => {
  const views = (document: Document) => stepViews(document, catalogOf([]), new Map());

  it("names steps in the order in which they may run, each with its undo and where it leads", () => {
    const turned: Document = { ...ORDER, steps: [...stepsOf(ORDER)].reverse() };
    const items = outlineOf(turned, views(turned), new Set(["charge"]));
    expect(items.map(({ text }) => text)).toEqual(["reserve", "charge", "Undo: no undo", "Leads to ship", "ship"]);
    expect(items[3]).toMatchObject({ is: "edge", edge: 1, note: "context.paid", position: 2, size: 2 });
    expect(items[4]).toMatchObject({ position: 3, size: 3 });
  });

  it("names where a failure leads", () => {
    const caught: Document = { ...ORDER, edges: [...edgesOf(ORDER), { from: "charge", to: "ship", on: "failed", errors: ["timeout"] }] };
    expect(outlineOf(caught, views(caught), new Set(["charge"]))).toContainEqual(expect.objectContaining({ text: "If it fails, to ship", note: "fails: timeout", edge: 2 }));
  });

  it("leads to the steps inside a step", () => {
    const around: Document = { steps: [{ name: "lines", kind: "group", body: { steps: [{ name: "a" }] } }] };
    expect(outlineOf(around, views(around), new Set(["lines"]))[2]).toMatchObject({ is: "body", text: "Its steps", note: "1", position: 2, size: 2 });
  });

  it("names every step of a circle too", () => {
    const round: Document = { ...ORDER, edges: [...edgesOf(ORDER), { from: "ship", to: "reserve" }] };
    expect(outlineOf(round, views(round), new Set())).toHaveLength(3);
  });
});
