/** The edge that is meant by a place: the nearest line, not the one that was drawn last. */
import { expect, it } from "vitest";
import { dropEdge, hitEdge, withEdge } from "../../../src/editor/canvas/hits";
import type { Route } from "../../../src/graph/layout/router";

const level = (id: string, y: number): Route => ({ id, points: [[0, y], [100, y]], label: null });
const ROUTES = [level("a", 0), level("b", 8), level("p|inner", 4), level("c", 100), level("d", 100)];
const NONE: ReadonlySet<string> = new Set();

it("is the one whose line is nearest", () => {
  expect([[50, 1], [50, 7], [50, 40], [130, 0]].map(([x, y]) => hitEdge(ROUTES, [x!, y!], 1, NONE))).toEqual(["a", "b", null, null]);
});

it("is the next one where lines lie on each other and one of them is chosen", () => {
  expect(hitEdge(ROUTES, [50, 100], 1, new Set(["c"]))).toBe("d");
  expect(hitEdge(ROUTES, [50, 100], 1, new Set(["d"]))).toBe("c");
});

it("is farther away from afar, and where something is dropped", () => {
  expect(hitEdge(ROUTES, [50, -25], 0.3, NONE)).toBe("a");
  expect([dropEdge(ROUTES, [50, -25]), dropEdge(ROUTES, [50, -60])]).toEqual(["a", null]);
});

it("is chosen alone, or beside others", () => {
  const before = { steps: new Set(["s"]), edges: new Set(["a"]) };
  expect(withEdge(before, "b", false)).toEqual({ steps: new Set(), edges: new Set(["b"]) });
  expect(withEdge(before, "b", true).edges).toEqual(new Set(["a", "b"]));
  expect(withEdge(before, "a", true).edges).toEqual(new Set());
});
