/** Which edge is meant by a place on the canvas: the one whose line is nearest, not the one that was drawn last. */
import type { Point } from "../../graph/layout/geometry";
import { nearestRoutes, type Route } from "../../graph/layout/router";
import type { Selection } from "../draft/selection";

const REACH = 10;
const DROP_REACH = 40;
/** Lines that lie on each other are chosen in turn. */
const TOGETHER = 1.5;

/** Edges within frames are not chosen there. */
const isOwn = ({ id }: Route): boolean => !id.includes("|");

/** The edge that a click chooses; null where none is near. */
export function hitEdge(routes: Iterable<Route>, point: Point, zoom: number, chosen: ReadonlySet<string>): string | null {
  const own = [...routes].filter(isOwn);
  const [first] = nearestRoutes(own, point, REACH / Math.min(zoom, 1));
  if (!first) return null;
  const together = nearestRoutes(own, point, TOGETHER).map(({ id }) => id);
  const [only] = chosen;
  const place = chosen.size === 1 && only !== undefined ? together.indexOf(only) : -1;
  return place >= 0 ? together[(place + 1) % together.length] ?? first.id : first.id;
}

/** The edge that something is dropped on. */
export function dropEdge(routes: Iterable<Route>, point: Point): string | null {
  return nearestRoutes([...routes].filter(isOwn), point, DROP_REACH)[0]?.id ?? null;
}

/** The selection after a click on an edge; with `isAdding` beside what is chosen, or no longer. */
export function withEdge(before: Selection, edge: string, isAdding: boolean): Selection {
  if (!isAdding) return { steps: new Set(), edges: new Set([edge]) };
  const edges = new Set(before.edges);
  if (!edges.delete(edge)) edges.add(edge);
  return { ...before, edges };
}
