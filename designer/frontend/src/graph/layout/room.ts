/** Room for new steps among those that have places. Pure. */
import { labelRoom } from "./planes";
import type { Direction } from "./direction";
import { overlap, sidesOf } from "./geometry";
import { textOf, type Edge, type Place, type Places } from "../model/document";
import { labelOf, NODE_HEIGHT, NODE_WIDTH } from "../model/nodes";

const GAP = 64;
const AROUND = 20;
const LABEL_ENDS = 48;
const ASIDE = 42;
const GRID = 10;
const TRIES_MAX = 400;

export interface Room {
  readonly place: Place;
  /** The places of steps that make room. */
  readonly moved: Places;
}

const SIZE: Place = [NODE_WIDTH, NODE_HEIGHT];

/** A place on an edge, near the wanted one; what comes after it moves on where there is not room enough. */
export function roomOn(places: Places, edge: Edge, wanted: Place, direction: Direction): Room {
  const [source, target] = [places.get(textOf(edge.from)), places.get(textOf(edge.to))];
  const [main, cross] = axesOf(direction);
  if (!source || !target || target[main] <= source[main]) return { place: freePlace(places, wanted, direction), moved: new Map() };
  const first = source[main] + SIZE[main] + labelGap(edge, direction);
  const last = target[main] - GAP - SIZE[main];
  const along = Math.min(Math.max(wanted[main], first), Math.max(first, last));
  const shift = Math.max(0, Math.ceil((along - last) / GRID) * GRID);
  const moved = new Map(shift ? [...places].filter(([, place]) => place[main] >= target[main]).map(([name, place]) => [name, put(place[main] + shift, place[cross], direction)] as const) : []);
  const aside = Math.abs(wanted[cross] - source[cross]) < SIZE[cross] ? source[cross] : wanted[cross];
  const all = new Map([...places, ...moved]);
  return { place: freePlace(all, put(along, aside, direction), direction), moved };
}

/** A place after a step, or after everything. */
export function placeAfter(places: Places, name: string | null, direction: Direction): Place {
  const [main, cross] = axesOf(direction);
  const last = [...places.values()].reduce<Place | undefined>((most, place) => (most && most[main] >= place[main] ? most : place), undefined);
  const start = name === null ? last : places.get(name);
  return start ? freePlace(places, put(start[main] + SIZE[main] + GAP, start[cross], direction), direction) : [0, 0];
}

/** The place itself, or the nearest free one beside it. */
function freePlace(places: Places, [x, y]: Place, direction: Direction): Place {
  const [, cross] = axesOf(direction);
  for (let turn = 0; turn < TRIES_MAX; turn += 1) {
    const by = Math.ceil(turn / 2) * (turn % 2 ? 1 : -1) * Math.ceil((SIZE[cross] + ASIDE) / GRID) * GRID;
    const place: Place = cross === 1 ? [x, y + by] : [x + by, y];
    if (!isTaken(places, place)) return place;
  }
  return [x, y];
}

function isTaken(places: Places, [x, y]: Place): boolean {
  const box = sidesOf({ x, y, width: NODE_WIDTH, height: NODE_HEIGHT }, AROUND);
  return [...places.values()].some(([left, top]) => overlap(box, sidesOf({ x: left, y: top, width: NODE_WIDTH, height: NODE_HEIGHT })));
}

function labelGap(edge: Edge, direction: Direction): number {
  const label = labelRoom(labelOf(edge));
  return label ? Math.max(GAP, Math.ceil((label[direction === "right" ? 0 : 1] + LABEL_ENDS) / GRID) * GRID) : GAP;
}

const axesOf = (direction: Direction): readonly [0 | 1, 0 | 1] => (direction === "right" ? [0, 1] : [1, 0]);

const put = (along: number, aside: number, direction: Direction): Place => (direction === "right" ? [along, aside] : [aside, along]);
