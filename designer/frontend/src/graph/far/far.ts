/** Which graphs are seen from afar, what of them React Flow is given then, and where their steps are. The view itself is loaded for large graphs alone. */
import type { Edge, Node } from "@xyflow/react";
import { useCallback, useMemo, useState } from "react";
import type { Point, Rect } from "../layout/geometry";
import type { Box } from "../model/boxes";
import type { Rects } from "./painting";

/** With more steps than this, those that are far away are no elements. */
const MANY_AFAR = 600;
/** Even the widest graph can be seen as a whole. */
export const ZOOM_LEAST = 0.01;
/** Of the chosen steps so many are elements from afar, too. */
const CHOSEN_DRAWN_MAX = 20;

export interface Far {
  /** Whether the graph has a far view; `isAfar` says whether it is shown. */
  readonly isLarge: boolean;
  readonly isAfar: boolean;
  /** Whether a chosen step is an element from afar, too. */
  readonly isChosenDrawn: boolean;
  readonly setAfar: (isAfar: boolean) => void;
}

/** What of a graph React Flow is given: from afar the chosen steps and edges alone. */
export function useFar<N extends Node, E extends Edge>(nodes: N[], edges: E[]): Far & { readonly nodes: N[]; readonly edges: E[] } {
  const [isNear, setNear] = useState(false);
  const setAfar = useCallback((isAfar: boolean) => setNear(!isAfar), []);
  const isLarge = nodes.length > MANY_AFAR;
  const isAfar = isLarge && !isNear;
  const isChosenDrawn = useMemo(() => !isAfar || nodes.filter(({ selected }) => selected).length <= CHOSEN_DRAWN_MAX, [nodes, isAfar]);
  const shown = useMemo(() => (isAfar ? nodes.map((node) => (node.selected && isChosenDrawn ? node : hidden(node))) : nodes), [nodes, isAfar, isChosenDrawn]);
  const lines = useMemo(() => (isAfar ? edges.filter(({ selected }) => selected) : edges), [edges, isAfar]);
  return { isLarge, isAfar, isChosenDrawn, setAfar, nodes: shown, edges: lines };
}

/** The step at a place of the canvas; the innermost where one holds another. */
export function stepUnder(rects: Rects, [x, y]: Point): string | undefined {
  let found: string | undefined;
  for (const [id, rect] of rects) if (x >= rect.x && x <= rect.x + rect.width && y >= rect.y && y <= rect.y + rect.height) found = id;
  return found;
}

/** The steps that lie wholly between two corners. */
export function stepsWithin(rects: Rects, [ax, ay]: Point, [bx, by]: Point): string[] {
  const [left, right, top, bottom] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
  return [...rects].flatMap(([id, { x, y, width, height }]) => (x >= left && x + width <= right && y >= top && y + height <= bottom ? [id] : []));
}

/** Boxes as rectangles on the whole canvas; those around come before those within. */
export function rectsOf(boxes: readonly Box[]): Rects {
  const rects = new Map<string, Rect>();
  for (const { id, path, x, y, width, height } of boxes) {
    const outer = rects.get(path);
    rects.set(id, { x: x + (outer?.x ?? 0), y: y + (outer?.y ?? 0), width, height });
  }
  return rects;
}

const hiddenNodes = new WeakMap<Node, Node>();

/** The same object for the same node, so that React Flow compares nothing again. */
function hidden<N extends Node>(node: N): N {
  const known = (hiddenNodes.get(node) as N | undefined) ?? { ...node, hidden: true };
  hiddenNodes.set(node, known);
  return known;
}
