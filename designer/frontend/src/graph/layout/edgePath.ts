/** The line of an edge: its route with round corners, or a makeshift as long as its ends are where no route leads. Pure. */
import { getSmoothStepPath, type EdgeProps } from "@xyflow/react";
import type { Point } from "./geometry";
import { rounded } from "./paths";
import type { Route } from "./router";

/** How far an end of an edge may be from that of its route, as dots of ports differ in size. */
const APART_MAX = 8;

export interface EdgePath {
  readonly path: string;
  readonly label: Point;
  /** From the edge to a label that does not lie on it. */
  readonly leader: string | null;
}
type Ends = Pick<EdgeProps, "sourceX" | "sourceY" | "targetX" | "targetY" | "sourcePosition" | "targetPosition">;

export function edgePath(ends: Ends, route: Route | undefined): EdgePath {
  const [first, last] = [route?.points[0], route?.points.at(-1)];
  if (route && first && last && isNear(first, ends.sourceX, ends.sourceY) && isNear(last, ends.targetX, ends.targetY)) {
    const { label, points } = route;
    const leader = label?.anchor ? `M${label.anchor.join(" ")}L${label.at.join(" ")}` : null;
    return { path: rounded(points), label: label?.at ?? first, leader };
  }
  const [path, x, y] = getSmoothStepPath(ends);
  return { path, label: [x, y], leader: null };
}

const isNear = ([x, y]: Point, otherX: number, otherY: number): boolean => Math.abs(x - otherX) <= APART_MAX && Math.abs(y - otherY) <= APART_MAX;
