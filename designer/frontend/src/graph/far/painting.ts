/** Boxes and lines of a large graph on a bitmap. What only a change of the graph alters is kept from frame to frame. */
import type { ReactFlowState } from "@xyflow/react";
import type { Point, Rect } from "../layout/geometry";
import { splitId } from "../model/bodies";
import type { Way } from "../model/ways";

/** A line between two steps, in the colour of what became of the edge. */
export interface Line {
  readonly source: string;
  readonly target: string;
  readonly way: Way;
  /** Its route, if it has one. */
  readonly points?: readonly Point[] | undefined;
}

/** By the id of the step. */
export type Rects = ReadonlyMap<string, Rect>;

export interface Scene {
  /** The tone of a step, as `data-tone` has it, or `chosen`; none for one that nothing is known of, null for one that is not painted. */
  readonly toneOf: (id: string) => string | null;
  readonly lines: () => readonly Line[];
  /** Calls when a tone or a line has changed; the returned function ends it. */
  readonly subscribe: (listener: () => void) => () => void;
}

interface Layer {
  readonly tone: string;
  readonly rects: readonly Rect[];
}
type Viewport = Pick<ReactFlowState, "transform" | "width" | "height">;

const COLOURS: Readonly<Record<string, string>> = {
  go: "--color-success", busy: "--color-primary", hold: "--color-info", care: "--color-warning", back: "--color-secondary", stop: "--color-error", chosen: "--color-primary",
};
const GROUND = "--color-base-100";
const PLAIN = "--color-base-300";
const WAYS: readonly (readonly [Way, string])[] = [["open", "--color-base-content"], ["dead", "--color-base-300"], ["done", "--color-success"], ["back", "--color-secondary"]];
const RADIUS = 14;
/** Below this zoom round corners are smaller than a pixel or two, and cost more than the boxes. */
const ZOOM_ROUND = 0.15;
/** How far an end of a route may lie from its step: further away, the step has been moved since. */
const APART_MAX = 8;

export class Painting {
  private lines: ReadonlyMap<Way, Path2D> | null = null;
  private layers: readonly Layer[] | null = null;
  private readonly colours = new Map<string, string>();

  constructor(private readonly rects: Rects, private readonly scene: Scene) {}

  /** The graph has changed, or its colours. */
  forget(): void {
    this.lines = null;
    this.layers = null;
    this.colours.clear();
  }

  paint(canvas: HTMLCanvasElement, { transform: [left, top, zoom], width, height }: Viewport): void {
    const context = canvas.getContext("2d");
    if (!context) return;
    const dense = devicePixelRatio;
    if (canvas.width !== width * dense || canvas.height !== height * dense) [canvas.width, canvas.height] = [width * dense, height * dense];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(zoom * dense, 0, 0, zoom * dense, left * dense, top * dense);
    this.drawLines(canvas, context, zoom);
    const seen = { x: -left / zoom, y: -top / zoom, width: width / zoom, height: height / zoom };
    this.layers ??= layersOf(this.rects, this.scene);
    for (const { tone, rects } of this.layers) {
      const colour = this.colour(canvas, COLOURS[tone] ?? PLAIN);
      drawBoxes(context, rects.filter((rect) => overlaps(rect, seen)), colour, this.colour(canvas, GROUND), zoom, tone === "chosen");
    }
  }

  private drawLines(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, zoom: number): void {
    this.lines ??= pathsByWay(this.rects, this.scene.lines());
    context.lineWidth = 1.2 / zoom;
    for (const [way, name] of WAYS) {
      const path = this.lines.get(way);
      if (!path) continue;
      context.strokeStyle = this.colour(canvas, name);
      context.globalAlpha = way === "open" ? 0.4 : 0.8;
      context.stroke(path);
    }
    context.globalAlpha = 1;
  }

  private colour(canvas: HTMLCanvasElement, name: string): string {
    const known = this.colours.get(name) ?? getComputedStyle(canvas).getPropertyValue(name);
    this.colours.set(name, known);
    return known;
  }
}

/** Frames one by one, those around before those within; then all other steps, those of a tone together. */
export function layersOf(rects: Rects, scene: Scene): readonly Layer[] {
  const frames = new Set([...rects.keys()].map((id) => splitId(id)[0]));
  const [below, byTone] = [[] as Layer[], new Map<string, Rect[]>()];
  for (const [id, rect] of rects) {
    const tone = scene.toneOf(id);
    if (tone === null) continue;
    const list = byTone.get(tone);
    if (frames.has(id)) below.push({ tone, rects: [rect] });
    else if (list) list.push(rect);
    else byTone.set(tone, [rect]);
  }
  return [...below, ...[...byTone].map(([tone, list]) => ({ tone, rects: list }))];
}

function pathsByWay(rects: Rects, lines: readonly Line[]): ReadonlyMap<Way, Path2D> {
  const paths = new Map<Way, Path2D>();
  for (const line of lines) {
    const [source, target] = [rects.get(line.source), rects.get(line.target)];
    if (!source || !target) continue;
    const path = paths.get(line.way) ?? new Path2D();
    paths.set(line.way, path);
    const [first, ...rest] = wayBetween(source, target, line.points);
    path.moveTo(...first);
    for (const point of rest) path.lineTo(...point);
  }
  return paths;
}

/** The route of a line as long as both of its steps are where it leads; else a straight line. */
export function wayBetween(source: Rect, target: Rect, points: readonly Point[] = []): readonly [Point, ...Point[]] {
  const [first, last] = [points[0], points.at(-1)];
  if (first && last && isAt(first, source) && isAt(last, target)) return [first, ...points.slice(1)];
  const isDown = target.y >= source.y + source.height && target.x < source.x + source.width;
  const middle = ({ x, width }: Rect): number => x + width / 2;
  const centre = ({ y, height }: Rect): number => y + height / 2;
  if (isDown) return [[middle(source), source.y + source.height], [middle(target), target.y]];
  return [[source.x + source.width, centre(source)], [target.x, centre(target)]];
}

const isAt = ([x, y]: Point, rect: Rect): boolean =>
  x >= rect.x - APART_MAX && x <= rect.x + rect.width + APART_MAX && y >= rect.y - APART_MAX && y <= rect.y + rect.height + APART_MAX;

function drawBoxes(context: CanvasRenderingContext2D, rects: readonly Rect[], colour: string, ground: string, zoom: number, isStrong: boolean): void {
  context.beginPath();
  for (const { x, y, width, height } of rects) {
    if (zoom < ZOOM_ROUND) context.rect(x, y, width, height);
    else context.roundRect(x, y, width, height, RADIUS);
  }
  context.fillStyle = ground;
  context.fill();
  context.globalAlpha = 0.35;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = (isStrong ? 3 : 1.5) / zoom;
  context.stroke();
}

const overlaps = (a: Rect, b: Rect): boolean => a.x < b.x + b.width && a.x + a.width > b.x && a.y < b.y + b.height && a.y + a.height > b.y;
