/** Boxes of a graph on the canvas, with graphs inside its steps drawn in place. Pure. */
import { present } from "../../shared/present";
import { idOf, type Section } from "./bodies";
import { idsOf, stepsOf, type Place, type Places } from "./document";
import { NODE_HEIGHT, NODE_WIDTH } from "./nodes";

export const FRAME_HEAD = 76;
export const FRAME_PAD = 28;
/** Frames grow by whole steps of it, so that steps that they move stay on it. */
const GRID = 10;
/** Room for edges between a step that a frame moves down and those beside it. */
const BESIDE = 48;

/** A graph with the places of its steps. */
export interface Part extends Section {
  readonly places: Places;
}

export interface Box {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly isFrame: boolean;
}

interface Drawn {
  readonly boxes: readonly Box[];
  readonly width: number;
  readonly height: number;
}

/** Boxes of all parts, those around before those within; places within a frame count from its corner. */
export function boxesOf(parts: ReadonlyMap<string, Part>, path = ""): readonly Box[] {
  return drawn(parts, path, 0, 0).boxes;
}

function drawn(parts: ReadonlyMap<string, Part>, path: string, left: number, top: number): Drawn {
  const part = present(parts.get(path));
  const names = idsOf(stepsOf(part.document));
  const inner = new Map(names.flatMap((name) => {
    const id = idOf(path, name);
    return parts.has(id) ? [[name, drawn(parts, id, FRAME_PAD, FRAME_HEAD)] as const] : [];
  }));
  const placeOf = (name: string): Place => part.places.get(name) ?? [0, 0];
  const corner = path ? [Math.min(...names.map((name) => placeOf(name)[0])), Math.min(...names.map((name) => placeOf(name)[1]))] as const : [0, 0] as const;
  const grownBy = new Map([...inner].map(([name, { width, height }]) => [name, [
    grown(width, FRAME_PAD * 2, NODE_WIDTH), grown(height, FRAME_HEAD + FRAME_PAD, NODE_HEIGHT),
  ] as const]));
  const columns = names.map((name): Column => {
    const place = placeOf(name);
    const x = [...grownBy].reduce((at, [frame, [more]]) => at + (isRight(place, placeOf(frame)) ? more : 0), place[0]);
    return { place, x, width: NODE_WIDTH + (grownBy.get(name)?.[0] ?? 0) };
  });
  const opened = [...grownBy].map(([name, more]) => ({ at: placeOf(name), down: more[1], isWhole: isWhole(placeOf(name), columns) }));
  const boxes = names.flatMap((name, index): Box[] => {
    const { place, x, width } = present(columns[index]);
    const y = opened.reduce((at, frame) => at + (isMovedDown(place, frame) ? frame.down : 0), place[1]);
    const box = {
      id: idOf(path, name), name, path, x: x - corner[0] + left, y: y - corner[1] + top,
      width, height: NODE_HEIGHT + (grownBy.get(name)?.[1] ?? 0), isFrame: inner.has(name),
    };
    return [box, ...(inner.get(name)?.boxes ?? [])];
  });
  const outer = boxes.filter((box) => box.path === path);
  return {
    boxes, width: Math.max(0, ...outer.map(({ x, width }) => x + width)) - left, height: Math.max(0, ...outer.map(({ y, height }) => y + height)) - top,
  };
}

/** The place in the document of a step, new or not, that is shown at a place: `boxesOf` read backwards. */
export function placeBehind(boxes: readonly Box[], places: Places, name: string | null, [x, y]: Place): Place {
  const columns = boxes.flatMap((box): (Column & { readonly box: Box })[] => (box.path ? [] : [{ place: places.get(box.name) ?? [0, 0], x: box.x, width: box.width, box }]));
  const opened = columns.filter(({ box }) => box.isFrame && box.name !== name).map(({ place, width, box }) => (
    { at: place, more: width - NODE_WIDTH, down: box.height - NODE_HEIGHT, isWhole: isWhole(place, columns) }
  ));
  const left = behind(x, opened.map(({ at, more }) => [at[0] + NODE_WIDTH, more]));
  return [left, behind(y, opened.flatMap(({ at, down, isWhole: whole }) => (whole || !isRight([left, y], at) ? [[at[1] + NODE_HEIGHT, down]] : [])))];
}

/** What has been moved by `more` from each border on; a place that nothing is moved to counts as the border. */
function behind(shown: number, borders: readonly (readonly [number, number])[]): number {
  let before = shown;
  for (const [border, more] of [...borders].sort(([a], [b]) => a - b)) {
    if (before < border) break;
    before = Math.max(border, before - more);
  }
  return before;
}

const grown = (inner: number, around: number, before: number): number => Math.max(0, Math.ceil((inner + around - before) / GRID) * GRID);

/** A step with its place in the document, and where its box begins and how wide it is now that frames beside it have grown. */
interface Column {
  readonly place: Place;
  readonly x: number;
  readonly width: number;
}

const isRight = ([x]: Place, [frameX]: Place): boolean => x >= frameX + NODE_WIDTH;

const isBelow = ([, y]: Place, [, frameY]: Place): boolean => y >= frameY + NODE_HEIGHT;

/** Whether a frame moves down a step. Of two steps that it does not both move, the columns are `BESIDE` apart. */
function isMovedDown(place: Place, { at, isWhole: whole }: { readonly at: Place; readonly isWhole: boolean }): boolean {
  return isBelow(place, at) && (whole || !isRight(place, at));
}

/**
 * Whether a frame also moves down what is below it at its right. It need not, so that a step there stays where it is
 * let go, unless it comes too close to the frame or to a step that the frame moves down.
 */
function isWhole(frame: Place, columns: readonly Column[]): boolean {
  const [right, left] = [columns.filter(({ place }) => isRight(place, frame)), columns.filter(({ place }) => !isRight(place, frame))];
  const ends = left.filter(({ place }) => String(place) === String(frame) || isBelow(place, frame)).map(({ x, width }) => x + width);
  return Math.max(...ends) + BESIDE > Math.min(...right.filter(({ place }) => isBelow(place, frame)).map(({ x }) => x));
}
