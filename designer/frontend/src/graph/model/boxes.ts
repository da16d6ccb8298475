/** Boxes of a graph on the canvas, with graphs inside its steps drawn in place. Pure. */
import { present } from "../../shared/present";
import { idOf, type Section } from "./bodies";
import { idsOf, stepsOf, type Place, type Places } from "./document";
import { NODE_HEIGHT, NODE_WIDTH } from "./nodes";

export const FRAME_HEAD = 76;
export const FRAME_PAD = 28;
/** Frames grow by whole steps of it, so that steps that they move stay on it. */
const GRID = 10;

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
  const places = names.map(placeOf);
  const opened = [...inner].map(([name, { width, height }]): Opened => {
    const more = [grown(width, FRAME_PAD * 2, NODE_WIDTH), grown(height, FRAME_HEAD + FRAME_PAD, NODE_HEIGHT)] as const;
    return { name, more, isWhole: isWhole(placeOf(name), more, places) };
  });
  const boxes = names.flatMap((name): Box[] => {
    const [x, y] = moved(name, placeOf, opened);
    const own = opened.find((other) => other.name === name)?.more ?? [0, 0];
    const box = {
      id: idOf(path, name), name, path, x: x - corner[0] + left, y: y - corner[1] + top,
      width: NODE_WIDTH + own[0], height: NODE_HEIGHT + own[1], isFrame: inner.has(name),
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
  const all = boxes.flatMap((box) => (box.path ? [] : [places.get(box.name) ?? [0, 0] as const]));
  const opened = boxes.filter((box) => !box.path && box.isFrame && box.name !== name).map((box) => {
    const [at, more] = [places.get(box.name) ?? [0, 0] as const, [box.width - NODE_WIDTH, box.height - NODE_HEIGHT] as const];
    return { at, more, isWhole: isWhole(at, more, all) };
  });
  const left = behind(x, opened.map(({ at, more }) => [at[0] + NODE_WIDTH, more[0]]));
  return [left, behind(y, opened.flatMap(({ at, more, isWhole: whole }) => (whole || left < at[0] + NODE_WIDTH ? [[at[1] + NODE_HEIGHT, more[1]]] : [])))];
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

interface Opened {
  readonly name: string;
  readonly more: readonly [number, number];
  readonly isWhole: boolean;
}

/**
 * Whether a frame also moves down what is to its right. It need not, so that a step there stays where it is let go,
 * unless a step that it moves down reaches under one of them.
 */
function isWhole([x, y]: Place, [wider]: readonly [number, number], places: readonly Place[]): boolean {
  const right = places.filter(([left]) => left >= x + NODE_WIDTH).map(([left]) => left + wider);
  const below = places.filter(([left, top]) => left < x + NODE_WIDTH && top >= y + NODE_HEIGHT).map(([left]) => left + NODE_WIDTH);
  return Math.max(...below) > Math.min(...right);
}

/** Moves a step aside for frames to its left and above it. What did not overlap before does not overlap then. */
function moved(name: string, placeOf: (name: string) => Place, opened: readonly Opened[]): Place {
  const [x, y] = placeOf(name);
  return opened.reduce<Place>(([left, top], other) => {
    const [fromX, fromY] = placeOf(other.name);
    const isRight = x >= fromX + NODE_WIDTH;
    const isBelow = y >= fromY + NODE_HEIGHT && (other.isWhole || !isRight);
    return [left + (isRight ? other.more[0] : 0), top + (isBelow ? other.more[1] : 0)];
  }, [x, y]);
}
