import { describe, expect, it } from "vitest";
import { aimedBy, lit } from "../../../src/editor/canvas/aim";
import type { Document } from "../../../src/graph/model/document";
import type { StepFlowNode } from "../../../src/graph/view/StepNode";

const DOCUMENT: Document = { steps: [{ name: "a" }, { name: "b" }, { name: "c" }], edges: [{ from: "a", to: "b" }] };
const ROUTES = [{ id: "0:a>b", points: [[0, 0], [400, 0]] as const, label: null }];
const node = (id: string, x: number, y: number, parentId?: string): StepFlowNode => ({ id, position: { x, y }, width: 100, height: 60, ...(parentId && { parentId }) } as StepFlowNode);

describe("the edge under a dragged step", () => {
  it("is the one that its middle is near", () => {
    expect(aimedBy(DOCUMENT, ROUTES, [node("c", 150, -20)])).toBe("0:a>b");
    expect(aimedBy(DOCUMENT, ROUTES, [node("c", 150, 200)])).toBeNull();
  });

  it("is none for steps that have edges, for several, and for those within a frame", () => {
    expect(aimedBy(DOCUMENT, ROUTES, [node("a", 150, -20)])).toBeNull();
    expect(aimedBy(DOCUMENT, ROUTES, [node("c", 150, -20), node("b", 0, 0)])).toBeNull();
    expect(aimedBy(DOCUMENT, ROUTES, [node("c", 150, -20, "frame")])).toBeNull();
  });

  it("stands out, alone", () => {
    const edges = [{ id: "0:a>b", source: "a", target: "b" }, { id: "1:b>c", source: "b", target: "c" }];
    expect(lit(edges, null)).toBe(edges);
    expect(lit(edges, "0:a>b").map(({ className }) => className?.trim())).toEqual(["is-aimed", undefined]);
  });
});
