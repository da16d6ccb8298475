/** Boxes of a run's graph on the canvas, with nested runs opened in place. Pure. */
import { present } from "../../shared/present";
import { idsOf, stepsOf, type Document, type Place, type Places } from "../../graph/model/document";
import { NODE_HEIGHT, NODE_WIDTH } from "../../graph/model/nodes";
import { idOf } from "../model/nesting";

export const FRAME_HEAD = 76;
export const FRAME_PAD = 28;

/** One run's graph; `path` is the way to it: "" for the run itself, then `step` or `step/inner step`. */
export interface Part {
  readonly path: string;
  readonly document: Document;
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
  const opened = [...inner].map(([name, { width, height }]) => ({ name, more: [grown(width, FRAME_PAD * 2, NODE_WIDTH), grown(height, FRAME_HEAD + FRAME_PAD, NODE_HEIGHT)] as const }));
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

const grown = (inner: number, around: number, before: number): number => Math.max(0, inner + around - before);

/** Moves a step aside for opened runs to its left and above it. */
function moved(name: string, placeOf: (name: string) => Place, opened: readonly { name: string; more: readonly [number, number] }[]): Place {
  const [x, y] = placeOf(name);
  return opened.reduce<Place>(([left, top], other) => {
    const [fromX, fromY] = placeOf(other.name);
    const isRight = x >= fromX + NODE_WIDTH;
    const isBelow = y >= fromY + NODE_HEIGHT && !isRight;
    return [left + (isRight ? other.more[0] : 0), top + (isBelow ? other.more[1] : 0)];
  }, [x, y]);
}
