/** Where edges leave and reach steps. Pure. */
import type { Direction } from "./direction";
import type { Point, Rect } from "./geometry";

/** A place at the border of a step, and the heading of an edge there. */
export interface Port {
  readonly at: Point;
  readonly heading: Point;
}

/** How far the dot of a port reaches out of its step. */
export const PORT_OUT = 5;
/** Error edges start so far from the end of their side. */
export const FAILED_INSET = 28;

const RIGHT: Point = [1, 0];
const DOWN: Point = [0, 1];

export function sourcePort({ x, y, width, height }: Rect, direction: Direction, isError: boolean): Port {
  if (direction === "right") {
    return isError
      ? { at: [x + width - FAILED_INSET, y + height + PORT_OUT], heading: DOWN }
      : { at: [x + width + PORT_OUT, y + height / 2], heading: RIGHT };
  }
  return isError
    ? { at: [x + width + PORT_OUT, y + height - FAILED_INSET], heading: RIGHT }
    : { at: [x + width / 2, y + height + PORT_OUT], heading: DOWN };
}

export function targetPort({ x, y, width, height }: Rect, direction: Direction): Port {
  return direction === "right"
    ? { at: [x - PORT_OUT, y + height / 2], heading: RIGHT }
    : { at: [x + width / 2, y - PORT_OUT], heading: DOWN };
}
