/** The line of an edge: its route where the ends are where it leads, else a makeshift. */
import { Position } from "@xyflow/react";
import { expect, it } from "vitest";
import { edgePath } from "../../../src/graph/layout/edgePath";
import { rounded } from "../../../src/graph/layout/paths";
import type { Route } from "../../../src/graph/layout/router";

const ENDS = { sourceX: 0, sourceY: 0, targetX: 100, targetY: 50, sourcePosition: Position.Right, targetPosition: Position.Left };
const ROUTE: Route = { id: "e", points: [[0, 0], [50, 0], [50, 50], [100, 50]], label: { at: [20, 90], anchor: [50, 25] } };

it("follows its route, with round corners and a line to a label beside it", () => {
  const { path, label, leader } = edgePath(ENDS, ROUTE);
  expect([path, label, leader]).toEqual(["M0 0L42 0Q50 0 50 8L50 42Q50 50 58 50L100 50", [20, 90], "M50 25L20 90"]);
  expect(rounded([[0, 0], [4, 0], [4, 100]])).toBe("M0 0L2 0Q4 0 4 2L4 100");
});

it("is drawn at once where a step was moved and no route leads yet", () => {
  expect(edgePath({ ...ENDS, targetX: 300 }, ROUTE).path).not.toContain("Q50 0");
  expect(edgePath(ENDS, undefined).leader).toBeNull();
});
