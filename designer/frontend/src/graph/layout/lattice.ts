/**
 * The cheapest way of one edge between obstacles.
 *
 * Theory: the shortest way round rectangles with right angles runs along lines beside their borders. So the search
 * needs no fine grid: it looks at the crossings of a few lines beside each obstacle (`TRACKS`), of lines halfway
 * through narrow gaps, and of those through both ends. A* goes over these crossings; a state is a crossing and the
 * axis on which it was reached, so that bends cost something. Lines that other edges use cost more, which spreads
 * edges over the tracks of a gap. PURE.
 */
import { sidesOf, straightened, type Point, type Rect, type Segment } from "./geometry";

/** Edges keep so far from steps. */
export const CLEAR = 4;
/** Distances of lines from the borders of steps. */
const TRACKS = [14, 24, 34];
const NARROW = 28;
const BESIDE = 7;
const BEND = 45;
const CROSSING = 14;
const SHARED = 5;
const LONG = 200;
const POINTS_MAX = 1_500_000;

export interface Question {
  readonly start: Point;
  readonly startHeading: Point;
  readonly end: Point;
  readonly endHeading: Point;
  readonly obstacles: readonly Rect[];
  /** Straight parts of other edges, with which no line is to be shared. */
  readonly others: readonly Segment[];
  readonly window: Segment;
  /** Fewer lines beside each step, for wide windows. */
  readonly isCoarse: boolean;
}

/** The points from start to end; null where there is no way within the window. */
export function cheapest(question: Question): readonly Point[] | null {
  const xs = linesOf(question, 0);
  const ys = linesOf(question, 1);
  if (xs.length * ys.length > POINTS_MAX) return null;
  const costs = new Costs(xs, ys);
  for (const obstacle of question.obstacles) costs.block(sidesOf(obstacle, CLEAR));
  for (const other of question.others) costs.use(other);
  return search(question, xs, ys, costs);
}

/** Sorted coordinates of the lines on one axis: 0 for vertical lines, 1 for horizontal ones. */
function linesOf({ start, end, obstacles, window, isCoarse }: Question, axis: 0 | 1): Float64Array {
  const [least, most] = axis ? [window.y1, window.y2] : [window.x1, window.x2];
  const lines = new Set([start[axis], end[axis]]);
  const [near, far] = [obstacles.map(({ x, y }) => (axis ? y : x)), obstacles.map(({ x, y, width, height }) => (axis ? y + height : x + width))];
  for (const track of isCoarse ? TRACKS.slice(0, 1) : TRACKS) {
    for (const border of near) lines.add(border - track);
    for (const border of far) lines.add(border + track);
  }
  near.sort((a, b) => a - b);
  for (const border of far) {
    for (let place = firstAfter(near, border); place < near.length && at(near, place) - border < NARROW; place += 1) lines.add((border + at(near, place)) / 2);
  }
  for (const border of [least + CLEAR, most - CLEAR]) if (Number.isFinite(border)) lines.add(border);
  return Float64Array.from([...lines].filter((line) => line > least && line < most)).sort();
}

/** Place of the first number greater than a value in a sorted list. */
function firstAfter(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const firstFrom = (sorted: ArrayLike<number>, value: number): number => firstAfter(sorted, value - 1e-6);

/** What it costs to go from each crossing to the next one to the right and to the one below; -1: there is a step. */
class Costs {
  private readonly right: Float64Array;
  private readonly down: Float64Array;
  private readonly xs: Float64Array;
  private readonly ys: Float64Array;
  readonly width: number;

  constructor(xs: Float64Array, ys: Float64Array) {
    [this.xs, this.ys, this.width] = [xs, ys, xs.length];
    this.right = new Float64Array(xs.length * ys.length);
    this.down = new Float64Array(xs.length * ys.length);
    for (let row = 0; row < ys.length; row += 1) {
      for (let column = 0; column < xs.length; column += 1) {
        this.right[row * this.width + column] = column + 1 < xs.length ? at(xs, column + 1) - at(xs, column) : -1;
        this.down[row * this.width + column] = row + 1 < ys.length ? at(ys, row + 1) - at(ys, row) : -1;
      }
    }
  }

  /** The cost of going one crossing further on an axis; `back`: to the left, or up. */
  of(column: number, row: number, axis: 0 | 1, back: boolean): number {
    const [from, to] = [axis === 0 ? column - Number(back) : column, axis === 1 ? row - Number(back) : row];
    if (from < 0 || to < 0) return -1;
    return (axis === 0 ? this.right : this.down)[to * this.width + from] ?? -1;
  }

  block({ x1, y1, x2, y2 }: Segment): void {
    const [left, right, top, bottom] = [firstAfter(this.xs, x1), firstFrom(this.xs, x2), firstAfter(this.ys, y1), firstFrom(this.ys, y2)];
    for (let row = top; row < bottom; row += 1) this.right.fill(-1, row * this.width + Math.max(left - 1, 0), row * this.width + right);
    for (let row = Math.max(top - 1, 0); row < bottom; row += 1) this.down.fill(-1, row * this.width + left, row * this.width + right);
  }

  /** Makes lines along another edge, and ways across it, dearer. */
  use({ x1, y1, x2, y2 }: Segment): void {
    const isAcross = y1 === y2;
    const [columns, rows] = [[firstAfter(this.xs, x1 - BESIDE), firstFrom(this.xs, x2 + BESIDE)] as const, [firstAfter(this.ys, y1 - BESIDE), firstFrom(this.ys, y2 + BESIDE)] as const];
    const [along, over] = isAcross ? [this.right, this.down] : [this.down, this.right];
    for (let row = Math.max(rows[0] - Number(!isAcross), 0); row < rows[1]; row += 1) {
      for (let column = Math.max(columns[0] - Number(isAcross), 0); column < columns[1]; column += 1) {
        raise(along, row * this.width + column, (cost) => SHARED * Math.min(cost, LONG));
      }
    }
    const cut = isAcross ? firstAfter(this.ys, y1) - 1 : firstAfter(this.xs, x1) - 1;
    if (cut < 0) return;
    const [from, to] = isAcross ? [firstFrom(this.xs, x1), firstAfter(this.xs, x2)] : [firstFrom(this.ys, y1), firstAfter(this.ys, y2)];
    for (let line = from; line < to; line += 1) {
      raise(over, isAcross ? cut * this.width + line : line * this.width + cut, () => CROSSING);
    }
  }
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0;

/** Makes a way that is free dearer. */
function raise(costs: Float64Array, index: number, more: (cost: number) => number): void {
  const cost = at(costs, index);
  if (cost > 0) costs[index] = cost + more(cost);
}

const STEPS = [[0, false], [0, true], [1, false], [1, true]] as const;

function search({ start, startHeading, end, endHeading }: Question, xs: Float64Array, ys: Float64Array, costs: Costs): readonly Point[] | null {
  const { width } = costs;
  const size = xs.length * ys.length;
  const best = new Float64Array(size * 2).fill(Infinity);
  const from = new Int32Array(size * 2).fill(-1);
  const queue = new Queue();
  const stateOf = (point: Point, heading: Point): number => (firstFrom(ys, point[1]) * width + firstFrom(xs, point[0])) * 2 + Number(heading[0] === 0);
  const [first, last] = [stateOf(start, startHeading), stateOf(end, endHeading)];
  const reach = (to: number, total: number, before: number, estimate: number): void => {
    if (total >= at(best, to) - 1e-9) return;
    [best[to], from[to]] = [total, before];
    queue.push(to, total + estimate);
  };
  reach(first, 0, -1, 0);
  for (let state = queue.pop(); state >= 0; state = queue.pop()) {
    if (state === last) return straightened(pointsOf(last, from, xs, ys));
    const [place, axis] = [state >> 1, state & 1];
    if (place === last >> 1) reach(last, at(best, state) + BEND, state, 0);
    const [column, row] = [place % width, Math.floor(place / width)];
    for (const [next, isBack] of STEPS) {
      const cost = costs.of(column, row, next, isBack);
      const isReversed = state === first && next === axis && isBack !== startHeading[axis] < 0;
      if (cost < 0 || isReversed) continue;
      const [toColumn, toRow] = [next === 0 ? column + (isBack ? -1 : 1) : column, next === 1 ? row + (isBack ? -1 : 1) : row];
      const to = (toRow * width + toColumn) * 2 + next;
      const isAgainst = to === last && isBack !== endHeading[next] < 0;
      const estimate = Math.abs(at(xs, toColumn) - end[0]) + Math.abs(at(ys, toRow) - end[1]);
      if (!isAgainst) reach(to, at(best, state) + cost + (next === axis ? 0 : BEND), state, estimate);
    }
  }
  return null;
}

function pointsOf(last: number, from: Int32Array, xs: Float64Array, ys: Float64Array): Point[] {
  const points: Point[] = [];
  for (let state = last; state >= 0; state = from[state] ?? -1) {
    const place = state >> 1;
    points.push([xs[place % xs.length] ?? 0, ys[Math.floor(place / xs.length)] ?? 0]);
  }
  return points.reverse();
}

/** A binary heap of states, the cheapest first. */
class Queue {
  private readonly states: number[] = [];
  private readonly keys: number[] = [];

  push(state: number, key: number): void {
    let place = this.states.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (at(this.keys, parent) <= key) break;
      [this.states[place], this.keys[place]] = [at(this.states, parent), at(this.keys, parent)];
      place = parent;
    }
    [this.states[place], this.keys[place]] = [state, key];
  }

  /** The cheapest state; -1 when there is none left. */
  pop(): number {
    const [state, moved, key] = [this.states[0], this.states.pop(), this.keys.pop()];
    if (state === undefined || moved === undefined || key === undefined) return -1;
    const size = this.states.length;
    if (!size) return state;
    let place = 0;
    for (let child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && at(this.keys, child + 1) < at(this.keys, child)) child += 1;
      if (at(this.keys, child) >= key) break;
      [this.states[place], this.keys[place]] = [at(this.states, child), at(this.keys, child)];
      place = child;
    }
    [this.states[place], this.keys[place]] = [moved, key];
    return state;
  }
}
