/** Room for new steps: on an edge, and after a step. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeAfter, roomOn } from "../../../src/graph/layout/room";
import { overlap, sidesOf } from "../../../src/graph/layout/geometry";
import type { Place, Places } from "../../../src/graph/model/document";
import { NODE_HEIGHT, NODE_WIDTH } from "../../../src/graph/model/nodes";

const box = ([x, y]: Place) => sidesOf({ x, y, width: NODE_WIDTH, height: NODE_HEIGHT });
const clashes = (places: Places): boolean => {
  const boxes = [...places.values()].map(box);
  return boxes.some((one, index) => boxes.slice(index + 1).some((other) => overlap(one, other)));
};
const rows = fc.record({
  direction: fc.constantFrom("right" as const, "down" as const), gap: fc.integer({ min: 0, max: 40 }), count: fc.integer({ min: 2, max: 8 }),
  on: fc.nat(), wanted: fc.tuple(fc.integer({ min: -50, max: 300 }), fc.integer({ min: -50, max: 300 })), when: fc.constantFrom("", "context.total > 100"),
});

describe("a step that is dropped on an edge", () => {
  it("lies between its ends and on no other step, which keep their order", () => fc.assert(fc.property(rows, ({ direction, gap, count, on, wanted, when }) => {
    const axis = direction === "right" ? 0 : 1;
    const pitch = (axis ? NODE_HEIGHT : NODE_WIDTH) + gap * 10;
    const places: Places = new Map(Array.from({ length: count }, (_, index) => [`s${index}`, axis ? [0, index * pitch] : [index * pitch, 0]]));
    const first = on % (count - 1);
    const { place, moved } = roomOn(places, { from: `s${first}`, to: `s${first + 1}`, when }, [wanted[0] * 10, wanted[1] * 10], direction);
    const after = new Map([...places, ...moved, ["new", place] as const]);
    expect(clashes(after)).toBe(false);
    const along = [...after].filter(([name]) => name !== "new").map(([, at]) => at[axis]);
    expect(along).toEqual([...along].sort((a, b) => a - b));
    expect(place[axis]).toBeGreaterThan(after.get(`s${first}`)![axis]);
    expect(after.get(`s${first + 1}`)![axis]).toBeGreaterThan(place[axis]);
  })));

  it("moves nothing where there is room", () => {
    const places: Places = new Map([["a", [0, 0]], ["b", [1_000, 0]]]);
    expect(roomOn(places, { from: "a", to: "b" }, [400, 20], "right")).toEqual({ place: [400, 0], moved: new Map() });
  });
});

it("puts a step after another one beside what is there", () => {
  const places: Places = new Map([["a", [0, 0]], ["b", [300, 0]]]);
  for (const direction of ["right", "down"] as const) expect(clashes(new Map([...places, ["new", placeAfter(places, "a", direction)]]))).toBe(false);
  expect(placeAfter(new Map(), null, "right")).toEqual([0, 0]);
});
