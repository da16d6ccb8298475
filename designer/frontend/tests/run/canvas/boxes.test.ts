/** Boxes of nested runs. */
import { expect, it } from "vitest";
import { boxesOf, FRAME_HEAD, FRAME_PAD, type Part } from "../../../src/run/canvas/boxes";
import { NODE_HEIGHT, NODE_WIDTH } from "../../../src/graph/model/nodes";
import type { Document } from "../../../src/graph/model/document";

const chain = (...names: string[]): Document => ({
  steps: names.map((name) => ({ name })), edges: names.slice(1).map((to, place) => ({ from: names[place]!, to })),
});

it("makes room for a nested run that is opened, right of it and below", () => {
  const outer: Part = { path: "", document: chain("a", "b", "c"), places: new Map([["a", [0, 0]], ["b", [300, 0]], ["c", [0, 300]]]) };
  const inner: Part = { path: "a", document: chain("x", "y"), places: new Map([["x", [50, 50]], ["y", [400, 50]]]) };
  const boxes = new Map(boxesOf(new Map([["", outer], ["a", inner]])).map((box) => [box.id, box]));
  const [width, height] = [350 + NODE_WIDTH + 2 * FRAME_PAD, NODE_HEIGHT + FRAME_HEAD + FRAME_PAD];
  expect(boxes.get("a")).toMatchObject({ isFrame: true, width, height, x: 0, y: 0 });
  expect(boxes.get("a/x")).toMatchObject({ x: FRAME_PAD, y: FRAME_HEAD, path: "a" });
  expect(boxes.get("a/y")?.x).toBe(FRAME_PAD + 350);
  expect(boxes.get("b")?.x).toBe(300 + width - NODE_WIDTH);
  expect(boxes.get("c")?.y).toBe(300 + height - NODE_HEIGHT);
});
