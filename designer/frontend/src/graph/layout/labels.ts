/**
 * Places for the labels of edges: on their edge where there is room, else beside it. PURE.
 *
 * No label overlaps a step, the words of a frame or another label. Where several places are free, the one is taken
 * that hides no other edge and is nearest to the middle of its own.
 */
import { distance, Index, lengthOf, segmentsOf, sidesOf, type Point, type Rect, type Segment } from "./geometry";
import type { Line, Plane, Solid, Used, Way } from "./router";

export interface Label {
  /** Its middle. */
  readonly at: Point;
  /** The point of the edge that it belongs to, where it does not lie on it. */
  readonly anchor: Point | null;
}

const ROOM = 3;
const BETWEEN = 4;
const HIDDEN_COST = 120;
const OUTSIDE_COST = 400;
/** The length of the arrow at the end of an edge. */
const ARROW = 20;
const ARROW_COST = 100;
const BEND_COST = 60;
const PLACES_MAX = 24;
const SPACING = 16;
const RING = 14;
const ON_RING = 16;

export function labelled(planes: readonly Plane[], ways: readonly Way[], used: Index<Used>): ReadonlyMap<string, Label> {
  const labels = new Map<string, Label>();
  const taken = new Index<Line>();
  const solids = new Map(planes.map((plane) => [plane.path, solidsAround(planes, plane.path)]));
  for (const way of ways) {
    const { line: { id, label: size }, plane } = way;
    if (!size) continue;
    const label = placed(way, size, { solids: solids.get(plane.path) ?? new Index(), taken, used });
    labels.set(id, label);
    taken.add(way.line, sidesOf(rectAt(label.at, size), BETWEEN));
  }
  return labels;
}

/** What a label of the graph with that path must not cover: all steps, words of frames, and frames elsewhere. */
function solidsAround(planes: readonly Plane[], path: string): Index<Solid> {
  const solids = new Index<Solid>();
  for (const box of planes.flatMap(({ boxes }) => boxes)) {
    const isAround = path === box.id || path.startsWith(`${box.id}/`);
    solids.add(box, sidesOf(box.head !== null && isAround ? { ...box, height: box.head } : box, ROOM));
  }
  return solids;
}

interface Surroundings {
  readonly solids: Index<Solid>;
  readonly taken: Index<Line>;
  readonly used: Index<Used>;
}

function placed({ points, line, plane }: Way, size: readonly [number, number], around: Surroundings): Label {
  const middle = halfway(points);
  const costOf = (at: Point): number => {
    const box = sidesOf(rectAt(at, size));
    if (around.solids.some(box) || around.taken.some(box)) return Infinity;
    const hidden = around.used.near(box).filter((other) => other.line.id !== line.id).length;
    const isOutside = plane.region !== null && !isInside(box, sidesOf(plane.region));
    const hidesArrow = distance(points.at(-1) ?? middle, box) < ARROW;
    const bends = points.slice(1, -1).filter((point) => distance(point, box) < ROOM).length;
    return hidden * HIDDEN_COST + bends * BEND_COST + Number(hidesArrow) * ARROW_COST + Number(isOutside) * OUTSIDE_COST + Math.hypot(at[0] - middle[0], at[1] - middle[1]);
  };
  const onLine = cheapest(segmentsOf(points).flatMap((segment) => alongOf(segment, size)), costOf);
  if (onLine) return { at: onLine, anchor: null };
  const [width, height] = size;
  // Ends, as what lies around is finite.
  for (let ring = 1; ; ring += 1) {
    const places = Array.from({ length: ON_RING }, (_, turn): Point => {
      const angle = (turn / ON_RING) * 2 * Math.PI;
      return [Math.round(middle[0] + Math.cos(angle) * (ring * RING + width / 4)), Math.round(middle[1] + Math.sin(angle) * (ring * RING + height / 4))];
    });
    const at = cheapest(places, costOf);
    if (at) return { at, anchor: middle };
  }
}

function cheapest(places: readonly Point[], costOf: (at: Point) => number): Point | null {
  let [best, least]: [Point | null, number] = [null, Infinity];
  for (const at of places) {
    const cost = costOf(at);
    if (cost < least) [best, least] = [at, cost];
  }
  return best;
}

/** Middles of a label on a straight part that leave its ends to be seen. */
function alongOf({ x1, y1, x2, y2 }: Segment, [width, height]: readonly [number, number]): readonly Point[] {
  const isLevel = y1 === y2;
  const room = (isLevel ? x2 - x1 : y2 - y1) - (isLevel ? width : height) - 2 * ROOM;
  if (room < 0) return [];
  const count = Math.min(PLACES_MAX, Math.floor(room / SPACING));
  return Array.from({ length: count + 1 }, (_, index): Point => {
    const away = (count ? (index / count - 0.5) * room : 0);
    return isLevel ? [(x1 + x2) / 2 + away, y1] : [x1, (y1 + y2) / 2 + away];
  });
}

/** The point in the middle of a way. */
function halfway(points: readonly Point[]): Point {
  const segments = segmentsOf(points);
  let left = segments.reduce((sum, segment) => sum + lengthOf(segment), 0) / 2;
  for (const [index, segment] of segments.entries()) {
    const [from, to] = [points[index] ?? [0, 0], points[index + 1] ?? [0, 0]];
    const length = lengthOf(segment);
    if (left <= length) return [from[0] + Math.sign(to[0] - from[0]) * left, from[1] + Math.sign(to[1] - from[1]) * left];
    left -= length;
  }
  return points[0] ?? [0, 0];
}

function rectAt([x, y]: Point, [width, height]: readonly [number, number]): Rect {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

function isInside(inner: Segment, outer: Segment): boolean {
  return inner.x1 >= outer.x1 && inner.y1 >= outer.y1 && inner.x2 <= outer.x2 && inner.y2 <= outer.y2;
}
