/** Repeatable chance: streams of numbers, and times drawn from histograms. Pure. */
import { total, type Counts, type Sizes } from "./basis";

const PARTS = 16;
const POINTS = 512;

/**
 * Numbers in [0, 1) from a seed (mulberry32). Each step of each sample has a stream of its own, so that an edit of
 * one step leaves the luck of the others as it was: what differs between two forecasts is what was edited.
 */
export class Chance {
  private state = 0;

  constructor(private readonly seed: number) {}

  turnTo(sample: number, step: number): void {
    this.state = mix(mix(this.seed ^ Math.imul(sample + 1, 0x9e3779b9)) ^ Math.imul(step + 1, 0x85ebca6b));
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  }
}

function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
  return value ^ (value >>> 15);
}

/** A number that stands for a text. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Times in ms as often as a histogram has them: a table of quantiles, read by one number. */
export class Times {
  private constructor(private readonly points: Float64Array) {}

  static of(sizes: Sizes | undefined): Times | null {
    const count = total(sizes);
    if (!sizes || !count) return null;
    const ordered = Object.entries(sizes).map(([size, times]) => [Number(size), times] as const).sort(([a], [b]) => a - b);
    const points = new Float64Array(POINTS + 1);
    let [place, before] = [0, 0];
    for (let point = 0; point <= POINTS; point += 1) {
      const rank = (point / POINTS) * count;
      while (place < ordered.length - 1 && before + (ordered[place]?.[1] ?? 0) < rank) before += ordered[place++]?.[1] ?? 0;
      const [size, times] = ordered[place] ?? [0, 1];
      points[point] = 2 ** ((size + Math.min(1, (rank - before) / times)) / PARTS);
    }
    return new Times(points);
  }

  at(share: number): number {
    const place = share * POINTS;
    const below = Math.floor(place);
    const low = this.points[below] ?? 0;
    return low + (place - below) * ((this.points[below + 1] ?? low) - low);
  }
}

/** A choice among names by their shares. */
export class Shares {
  private constructor(private readonly steps: readonly (readonly [upTo: number, name: string])[]) {}

  static of(counts: Counts | undefined): Shares | null {
    const count = total(counts);
    if (!counts || !count) return null;
    let upTo = 0;
    return new Shares(Object.entries(counts).map(([name, times]) => [(upTo += times / count), name] as const));
  }

  at(share: number): string {
    for (const [upTo, name] of this.steps) if (share < upTo) return name;
    return this.steps.at(-1)?.[1] ?? "";
  }
}
