/**
 * Routes all edges of a canvas round its steps, with right angles.
 *
 * Short edges first, as they have the least choice. Straight lines and those with two bends are tried before the search
 * over the lattice. An edge for which there is no way, since steps lie on top of each other, has no route. PURE.
 */
import { distance, Index, lengthOf, overlap, segmentOf, segmentsOf, sidesOf, straightened, type Point, type Rect, type Segment } from "./geometry";
import { labelled, type Label } from "./labels";
import { cheapest, CLEAR } from "./lattice";
import type { Port } from "./ports";

/** A graph on the canvas: the workflow's own, or one that is drawn within a frame. */
export interface Plane {
  /** As of its section. */
  readonly path: string;
  /** What its edges stay within; null for no bounds. */
  readonly region: Rect | null;
  readonly boxes: readonly Solid[];
  readonly lines: readonly Line[];
}
export interface Solid extends Rect {
  readonly id: string;
  /** The height of the words of a frame; null for a step. */
  readonly head: number | null;
}
export interface Line {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly from: Port;
  readonly to: Port;
  /** Room for its label. */
  readonly label: readonly [width: number, height: number] | null;
}
export interface Route {
  readonly id: string;
  readonly points: readonly Point[];
  readonly label: Label | null;
}

const STUB = 9;
const WINDOWS = [[240, false], [700, false], [2_000, true], [Infinity, true]] as const;
const EVERYWHERE: Segment = { x1: -Infinity, y1: -Infinity, x2: Infinity, y2: Infinity };
const BEND_COST = 30;
const CROSSING_COST = 14;
const SHARED_COST = 6;
const BESIDE = 7;

/** A straight part of an edge that has its route. */
export interface Used extends Segment {
  readonly line: Line;
}

export function routesOf(planes: readonly Plane[]): Route[] {
  const used = new Index<Used>();
  const ways = planes.flatMap((plane) => new Router(plane, used).ways());
  const labels = labelled(planes, ways, used);
  return ways.map(({ line: { id }, points }) => ({ id, points, label: labels.get(id) ?? null }));
}

export interface Way {
  readonly plane: Plane;
  readonly line: Line;
  readonly points: readonly Point[];
}

class Router {
  private readonly solids = new Index<Solid>();

  constructor(private readonly plane: Plane, private readonly used: Index<Used>) {
    for (const box of plane.boxes) this.solids.add(box, sidesOf(box, CLEAR));
  }

  ways(): Way[] {
    const reach = ({ from, to }: Line): number => Math.abs(to.at[0] - from.at[0]) + Math.abs(to.at[1] - from.at[1]);
    const inOrder = this.plane.lines.map((line, index) => ({ line, index })).sort((a, b) => reach(a.line) - reach(b.line) || a.index - b.index);
    const ways = inOrder.flatMap(({ line, index }) => {
      const points = this.way(line);
      if (!points) return [];
      for (const segment of segmentsOf(points)) this.used.add({ ...segment, line }, thick(segment));
      return [{ plane: this.plane, line, points, index }];
    });
    return ways.sort((a, b) => a.index - b.index);
  }

  private way(line: Line): readonly Point[] | null {
    const [start, end] = [this.stubEnd(line.from, 1, line.source), this.stubEnd(line.to, -1, line.target)];
    if (!start || !end) return null;
    const others = (window: Segment): readonly Used[] => this.used.near(window).filter((other) => !isRelated(other.line, line));
    const simple = this.simplest(line, start, end, others);
    const middle = simple ?? this.searched(line, start, end, others);
    return middle && straightened([line.from.at, ...middle, line.to.at]);
  }

  /** The point before or behind a port from which an edge may turn; halfway to a step that is close. */
  private stubEnd({ at: [x, y], heading: [dx, dy] }: Port, sign: 1 | -1, own: string): Point | null {
    for (const length of [STUB, STUB / 2, 1, 0]) {
      const end: Point = [x + dx * sign * length, y + dy * sign * length];
      const isHit = this.solids.some(thick(segmentOf([x, y], end)), (box) => box.id !== own && overlap(thick(segmentOf([x, y], end)), sidesOf(box, CLEAR)));
      if (!isHit) return end;
    }
    return null;
  }

  /** A straight line, or the best with two bends; null where none is free or all share lines with other edges. */
  private simplest({ from, to }: Line, start: Point, end: Point, others: (window: Segment) => readonly Used[]): readonly Point[] | null {
    const near = others(grown(segmentOf(start, end), BESIDE + 1));
    let [best, least]: [readonly Point[] | null, number] = [null, Infinity];
    for (const points of candidates(start, end, from.heading, to.heading)) {
      const segments = segmentsOf(points);
      const cost = costOf(segments, near);
      if (cost >= least || !segments.every((segment) => this.isFree(segment))) continue;
      [best, least] = [points, cost];
    }
    const shortest = lengthOf(segmentOf(start, end));
    return least <= shortest + BEND_COST * 2 + CROSSING_COST * 3 ? best : null;
  }

  private searched(line: Line, start: Point, end: Point, others: (window: Segment) => readonly Used[]): readonly Point[] | null {
    const { region, boxes } = this.plane;
    for (const [room, isCoarse] of WINDOWS) {
      const around = Number.isFinite(room) ? grown(segmentOf(start, end), room) : EVERYWHERE;
      const window = region ? within(around, sidesOf(region)) : around;
      const obstacles = Number.isFinite(room) ? this.solids.near(window) : boxes;
      const points = cheapest({
        start, end, startHeading: line.from.heading, endHeading: line.to.heading, obstacles, window, isCoarse,
        others: Number.isFinite(room) ? others(window) : [],
      });
      if (points) return points;
    }
    return null;
  }

  private isFree(segment: Segment): boolean {
    const { region } = this.plane;
    if (region && !contains(sidesOf(region, -CLEAR), segment)) return false;
    return !this.solids.some(thick(segment), (box) => overlap(thick(segment), sidesOf(box, CLEAR)));
  }
}

/** Edges that may share a line: they start, or end, at the same port. */
function isRelated(a: Line, b: Line): boolean {
  return same(a.from.at, b.from.at) || same(a.to.at, b.to.at);
}

const same = (a: Point, b: Point): boolean => a[0] === b[0] && a[1] === b[1];

/** A line as a box that is hardly wider, so that boxes can be compared with it. */
const thick = (segment: Segment): Segment => grown(segment, 0.01);

function grown({ x1, y1, x2, y2 }: Segment, room: number): Segment {
  return { x1: x1 - room, y1: y1 - room, x2: x2 + room, y2: y2 + room };
}

function within(a: Segment, b: Segment): Segment {
  return { x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1), x2: Math.min(a.x2, b.x2), y2: Math.min(a.y2, b.y2) };
}

function contains(outer: Segment, inner: Segment): boolean {
  return outer.x1 <= inner.x1 && outer.y1 <= inner.y1 && outer.x2 >= inner.x2 && outer.y2 >= inner.y2;
}

const SHARES = [0, 1, 0.5] as const;
const OFFSETS = [10, 20, 30];

/** Ways with two bends at most, between points that are left and reached in the given headings. */
function* candidates(start: Point, end: Point, startHeading: Point, endHeading: Point): Iterable<readonly Point[]> {
  const [main, isTurned] = [startHeading[0] ? 0 : 1, startHeading[0] !== endHeading[0]] as const;
  const ahead = end[main] - start[main];
  const aside = end[1 - main as 0 | 1] - start[1 - main as 0 | 1];
  if (ahead < 0) return;
  const corner = (along: number): readonly Point[] => (main === 0 ? [[along, start[1]], [along, end[1]]] : [[start[0], along], [end[0], along]]);
  if (isTurned) {
    if (aside >= 0) yield straightened([start, main === 0 ? [end[0], start[1]] : [start[0], end[1]], end]);
    return;
  }
  if (aside === 0) yield [start, end];
  else {
    const places = new Set([...SHARES.map((share) => start[main] + ahead * share), ...OFFSETS.flatMap((offset) => [start[main] + offset, end[main] - offset])]);
    for (const place of places) if (place >= start[main] && place <= end[main]) yield straightened([start, ...corner(place), end]);
  }
}

function costOf(segments: readonly Segment[], others: readonly Used[]): number {
  let cost = (segments.length - 1) * BEND_COST;
  for (const segment of segments) {
    cost += lengthOf(segment);
    const isLevel = segment.y1 === segment.y2;
    for (const other of others) {
      if (isLevel !== (other.y1 === other.y2)) cost += overlap(thick(segment), thick(other)) ? CROSSING_COST : 0;
      else {
        const shared = isLevel ? Math.min(segment.x2, other.x2) - Math.max(segment.x1, other.x1) : Math.min(segment.y2, other.y2) - Math.max(segment.y1, other.y1);
        const gap = isLevel ? Math.abs(segment.y1 - other.y1) : Math.abs(segment.x1 - other.x1);
        if (gap < BESIDE && shared > 0) cost += SHARED_COST * shared;
      }
    }
  }
  return cost;
}

/** The routes nearest to a point, within a reach, the nearest first. */
export function nearestRoutes(routes: Iterable<Route>, point: Point, reach: number): readonly Route[] {
  const near = [...routes].flatMap((route) => {
    const away = Math.min(...segmentsOf(route.points).map((segment) => distance(point, segment)));
    return away <= reach ? [{ route, away }] : [];
  });
  return near.sort((a, b) => a.away - b.away).map(({ route }) => route);
}
