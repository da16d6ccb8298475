/** What the router needs to know of a canvas: its boxes, and the ends and labels of its edges. Pure. */
import { present } from "../../shared/present";
import { splitId } from "../model/bodies";
import { FRAME_HEAD, type Box, type Part } from "../model/boxes";
import type { EdgeView } from "../model/nodes";
import { directionOf, type Direction } from "./direction";
import type { Rect } from "./geometry";
import { sourcePort, targetPort } from "./ports";
import type { Line, Plane, Solid } from "./router";

/** A letter of a label as it is drawn from afar, where letters are largest. */
const LETTER = 8.45;
const AROUND = 16;
const LABEL_HEIGHT = 26;
/** Edges within a frame may come so close to its words. */
const BELOW_HEAD = 22;

/** The direction of each graph on a canvas, by its path. */
export type Directions = ReadonlyMap<string, Direction>;

export function directionsOf(parts: Iterable<Part>, wanted: Direction): Directions {
  return new Map([...parts].map(({ path, document, places }) => [path, directionOf(document, places) ?? wanted]));
}

/** The room that a label takes; none for no label. */
export function labelRoom(label: string): readonly [width: number, height: number] | null {
  return label ? [Math.ceil(Array.from(label).length * LETTER + AROUND), LABEL_HEIGHT] : null;
}

/** A plane for each graph. Edges whose ends are not drawn are left out. */
export function planesOf(boxes: readonly Box[], edges: readonly EdgeView[], directions: Directions): Plane[] {
  const solids = solidsOf(boxes);
  const planes = new Map<string, { boxes: Solid[]; lines: Line[] }>();
  for (const { id, path } of boxes) put(planes, path).boxes.push(present(solids.get(id)));
  for (const edge of edges) {
    const [from, to] = [solids.get(edge.source), solids.get(edge.target)];
    if (!from || !to || from === to) continue;
    const [path] = splitId(edge.source);
    put(planes, path).lines.push(lineOf(edge, from, to, directions.get(path) ?? "right"));
  }
  return [...planes].map(([path, plane]) => ({ path, region: regionOf(solids.get(path)), ...plane }));
}

function lineOf({ id, source, target, label, isError }: EdgeView, from: Rect, to: Rect, direction: Direction): Line {
  return { id, source, target, from: sourcePort(from, direction, isError), to: targetPort(to, direction), label: labelRoom(label) };
}

function put(planes: Map<string, { boxes: Solid[]; lines: Line[] }>, path: string): { boxes: Solid[]; lines: Line[] } {
  const plane = planes.get(path) ?? { boxes: [], lines: [] };
  planes.set(path, plane);
  return plane;
}

/** Boxes with places on the canvas, by their ids. Those around come before those within. */
function solidsOf(boxes: readonly Box[]): ReadonlyMap<string, Solid> {
  const solids = new Map<string, Solid>();
  for (const { id, path, x, y, width, height, isFrame } of boxes) {
    const frame = solids.get(path);
    solids.set(id, { id, x: x + (frame?.x ?? 0), y: y + (frame?.y ?? 0), width, height, head: isFrame ? FRAME_HEAD - BELOW_HEAD : null });
  }
  return solids;
}

function regionOf(frame: Solid | undefined): Rect | null {
  if (!frame) return null;
  const head = frame.head ?? 0;
  return { x: frame.x, y: frame.y + head, width: frame.width, height: frame.height - head };
}
