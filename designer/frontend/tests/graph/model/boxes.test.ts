/** Boxes of nested runs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boxesOf, placeBehind, FRAME_HEAD, FRAME_PAD, type Part } from "../../../src/graph/model/boxes";
import { NODE_HEIGHT, NODE_WIDTH } from "../../../src/graph/model/nodes";
import type { Document, Place, Places } from "../../../src/graph/model/document";

const chain = (...names: string[]): Document => ({
  steps: names.map((name) => ({ name })), edges: names.slice(1).map((to, place) => ({ from: names[place]!, to })),
});

it("makes room for a nested run that is opened, right of it and below", () => {
  const outer: Part = { path: "", document: chain("a", "b", "c"), places: new Map([["a", [0, 0]], ["b", [300, 0]], ["c", [0, 300]]]) };
  const inner: Part = { path: "a", document: chain("x", "y"), places: new Map([["x", [50, 50]], ["y", [400, 50]]]) };
  const boxes = new Map(boxesOf(new Map([["", outer], ["a", inner]])).map((box) => [box.id, box]));
  const [width, height] = [646, 238];
  expect(width - (350 + NODE_WIDTH + 2 * FRAME_PAD)).toBeLessThan(10);
  expect(height - (NODE_HEIGHT + FRAME_HEAD + FRAME_PAD)).toBeLessThan(10);
  expect(boxes.get("a")).toMatchObject({ isFrame: true, width, height, x: 0, y: 0 });
  expect(boxes.get("a/x")).toMatchObject({ x: FRAME_PAD, y: FRAME_HEAD, path: "a" });
  expect(boxes.get("a/y")?.x).toBe(FRAME_PAD + 350);
  expect(boxes.get("b")?.x).toBe(300 + width - NODE_WIDTH);
  expect(boxes.get("c")?.y).toBe(300 + height - NODE_HEIGHT);
});

describe("the place behind a shown one", () => {
  const places = new Map<string, Place>([["a", [0, 0]], ["b", [300, 0]], ["c", [0, 300]], ["d", [700, 400]]]);
  const part = (path: string, document: Document, own: Places): Part => ({ path, document, places: own });
  const inner = chain("x", "y");
  const placed = new Map<string, Place>([["x", [0, 0]], ["y", [300, 200]]]);
  const parts = new Map([["", part("", chain("a", "b", "c", "d"), places)], ["a", part("a", inner, placed)], ["b", part("b", inner, placed)]]);
  const boxes = boxesOf(parts);

  it("is the step's own for each step, moved aside or not", () => {
    for (const { id, path, x, y } of boxes) if (!path) expect(placeBehind(boxes, places, id, [x, y]), id).toEqual(places.get(id));
  });

  it("is at the border of a frame for what is dropped on it", () => {
    expect(placeBehind(boxes, places, "d", [100, 100])).toEqual([100, 100]);
    expect(placeBehind(boxes, places, "d", [400, 20])).toEqual([NODE_WIDTH, 20]);
    expect(placeBehind(boxes, places, null, [0, 200])).toEqual([0, NODE_HEIGHT]);
  });

  it("is the shown place where nothing is unfolded", () => expect(placeBehind([], places, null, [50, 60])).toEqual([50, 60]));
});

describe("frames among steps that people have placed", () => {
  const ROOM = 48;
  const layouts = fc.array(fc.record({ x: fc.nat(12), y: fc.nat(12), wide: fc.nat(3), high: fc.nat(3), isOpen: fc.boolean() }), { minLength: 2, maxLength: 12 })
    .map((wanted) => wanted.map(({ x, y, wide, high, isOpen }, index) => ({ name: `s${index}`, place: [x * 70, y * 60] as Place, inner: [wide * 300, high * 200] as Place, isOpen })))
    .map((steps) => steps.filter(({ place }, index) => steps.slice(0, index).every((other) => gapOf(place, other.place) >= ROOM)));
  const boxesIn = (steps: readonly { name: string; place: Place; inner: Place; isOpen: boolean }[]) => boxesOf(new Map<string, Part>([
    ["", { path: "", document: chain(...steps.map(({ name }) => name)), places: new Map(steps.map(({ name, place }) => [name, place])) }],
    ...steps.filter(({ isOpen }) => isOpen).map(({ name, inner }): [string, Part] => [
      name, { path: name, document: chain("x", "y"), places: new Map<string, Place>([["x", [0, 0]], ["y", [inner[0] + 300, inner[1]]]]) },
    ]),
  ])).filter(({ path }) => !path);

  it("leave the room that was between any two", () => fc.assert(fc.property(layouts, (steps) => {
    const boxes = boxesIn(steps);
    for (const [index, a] of boxes.entries()) {
      for (const b of boxes.slice(0, index)) {
        const gap = Math.max(b.x - a.x - a.width, a.x - b.x - b.width, b.y - a.y - a.height, a.y - b.y - b.height);
        expect(gap, `${a.id} and ${b.id}`).toBeGreaterThanOrEqual(ROOM);
      }
    }
  }), { numRuns: 1_000 }));

  it("are drawn where the place behind them leads back to", () => fc.assert(fc.property(layouts, (steps) => {
    const boxes = boxesIn(steps);
    const places = new Map(steps.map(({ name, place }) => [name, place]));
    for (const { id, x, y } of boxes) expect(placeBehind(boxes, places, id, [x, y]), id).toEqual(places.get(id));
  }), { numRuns: 1_000 }));
});

function gapOf([ax, ay]: Place, [bx, by]: Place): number {
  return Math.max(Math.abs(ax - bx) - NODE_WIDTH, Math.abs(ay - by) - NODE_HEIGHT);
}
