/** Points, rectangles and an index of both on the canvas. Pure. */

export type Point = readonly [x: number, y: number];

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A straight part of an edge, from left to right or from top to bottom. */
export interface Segment {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

const CELL = 256;

/** Finds what lies near a rectangle without looking at everything. */
export class Index<Item> {
  private readonly cells = new Map<number, { readonly item: Item; readonly box: Segment }[]>();

  add(item: Item, box: Segment): void {
    eachCell(box, (cell) => {
      const items = this.cells.get(cell);
      if (items) items.push({ item, box });
      else this.cells.set(cell, [{ item, box }]);
    });
  }

  /** Items whose boxes overlap the given one; those that only touch it are left out. Each item once. */
  near(wanted: Segment): readonly Item[] {
    const items = new Set<Item>();
    eachCell(wanted, (cell) => {
      for (const { item, box } of this.cells.get(cell) ?? []) if (overlap(box, wanted)) items.add(item);
    });
    return [...items];
  }

  some(wanted: Segment, test: (item: Item) => boolean = () => true): boolean {
    for (let column = Math.floor(wanted.x1 / CELL); column <= Math.floor(wanted.x2 / CELL); column += 1) {
      for (let row = Math.floor(wanted.y1 / CELL); row <= Math.floor(wanted.y2 / CELL); row += 1) {
        for (const { item, box } of this.cells.get(keyOf(column, row)) ?? []) if (overlap(box, wanted) && test(item)) return true;
      }
    }
    return false;
  }
}

function eachCell({ x1, y1, x2, y2 }: Segment, visit: (cell: number) => void): void {
  for (let column = Math.floor(x1 / CELL); column <= Math.floor(x2 / CELL); column += 1) {
    for (let row = Math.floor(y1 / CELL); row <= Math.floor(y2 / CELL); row += 1) visit(keyOf(column, row));
  }
}

const keyOf = (column: number, row: number): number => column * 1_000_003 + row;

/** Whether two boxes share more than a border; a line has no inside of its own and counts where it lies within one. */
export function overlap(a: Segment, b: Segment): boolean {
  return a.x1 < b.x2 && a.x2 > b.x1 && a.y1 < b.y2 && a.y2 > b.y1;
}

export function sidesOf({ x, y, width, height }: Rect, room = 0): Segment {
  return { x1: x - room, y1: y - room, x2: x + width + room, y2: y + height + room };
}

export function segmentOf([ax, ay]: Point, [bx, by]: Point): Segment {
  return { x1: Math.min(ax, bx), y1: Math.min(ay, by), x2: Math.max(ax, bx), y2: Math.max(ay, by) };
}

export function segmentsOf(points: readonly Point[]): Segment[] {
  return points.slice(1).map((point, index) => segmentOf(points[index] ?? point, point));
}

export function lengthOf({ x1, y1, x2, y2 }: Segment): number {
  return x2 - x1 + y2 - y1;
}

/** The distance of a point from a straight part. */
export function distance([x, y]: Point, { x1, y1, x2, y2 }: Segment): number {
  return Math.hypot(Math.max(x1 - x, 0, x - x2), Math.max(y1 - y, 0, y - y2));
}

/** Points without those in the middle of a straight line. */
export function straightened(points: readonly Point[]): readonly Point[] {
  const distinct = points.filter((point, index) => !isSame(point, points[index - 1]));
  return distinct.filter((point, index) => {
    const [before, after] = [distinct[index - 1], distinct[index + 1]];
    return !before || !after || !([0, 1] as const).some((axis) => before[axis] === point[axis] && point[axis] === after[axis]);
  });
}

const isSame = ([x, y]: Point, other: Point | undefined): boolean => other?.[0] === x && other[1] === y;
