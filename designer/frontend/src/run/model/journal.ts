/**
 * A run's journal by number. Only pages that were looked at are kept; the others are fetched
 * on demand, and the least recently used are dropped.
 */
import { LIMITS } from "../../shared/vocabulary";
import type { Frame } from "./frame";

export const PAGE = LIMITS.frames;
export const PAGES_KEPT = 60;
export type FetchPage = (after: number, limit: number) => Promise<readonly Frame[]>;

interface Page {
  readonly frames: (Frame | undefined)[];
  count: number;
}

export class Journal {
  private readonly pages = new Map<number, Page>();
  private readonly asked = new Map<number, Promise<void>>();
  private last: number;

  constructor(private readonly fetchPage: FetchPage, lastSeq: number) {
    this.last = lastSeq;
  }

  get lastSeq(): number {
    return this.last;
  }

  get size(): number {
    return [...this.pages.values()].reduce((sum, { count }) => sum + count, 0);
  }

  add(frames: readonly Frame[]): void {
    for (const frame of frames) {
      const page = this.page(placeOf(frame.seq));
      const at = (frame.seq - 1) % PAGE;
      if (!page.frames[at]) page.count += 1;
      page.frames[at] = frame;
      this.last = Math.max(this.last, frame.seq);
    }
    this.drop();
  }

  get(seq: number): Frame | undefined {
    return this.pages.get(placeOf(seq))?.frames[(seq - 1) % PAGE];
  }

  /** The entries `from` … `to`, both included; fetches what is not here. Rejects when the server cannot be reached. */
  async range(from: number, to: number): Promise<Frame[]> {
    const end = Math.min(to, this.last);
    if (!this.has(from, end)) await this.loadAll(from, end);
    const frames: Frame[] = [];
    for (let seq = Math.max(from, 1); seq <= end; seq += 1) {
      const frame = this.get(seq);
      if (!frame) throw new Error(`Entry ${seq} could not be fetched.`);
      frames.push(frame);
    }
    return frames;
  }

  private async loadAll(from: number, to: number): Promise<void> {
    for (let place = placeOf(from); place <= placeOf(to); place += 1) await this.load(place);
  }

  has(from: number, to: number): boolean {
    for (let seq = Math.max(from, 1); seq <= to; seq += 1) if (!this.get(seq)) return false;
    return true;
  }

  private load(place: number): Promise<void> | void {
    const from = place * PAGE + 1;
    if (this.has(from, Math.min(this.last, from + PAGE - 1))) return this.touch(place);
    const asked = this.asked.get(place) ?? this.fetch(place).finally(() => this.asked.delete(place));
    this.asked.set(place, asked);
    return asked;
  }

  private async fetch(place: number): Promise<void> {
    this.add(await this.fetchPage(place * PAGE, PAGE));
  }

  private page(place: number): Page {
    const page = this.pages.get(place) ?? { frames: [], count: 0 };
    this.pages.delete(place);
    this.pages.set(place, page);
    return page;
  }

  private touch(place: number): void {
    if (this.pages.has(place)) this.page(place);
  }

  private drop(): void {
    const newest = placeOf(this.last);
    for (const place of this.pages.keys()) {
      if (this.pages.size <= PAGES_KEPT) return;
      if (place !== newest) this.pages.delete(place);
    }
  }
}

const placeOf = (seq: number): number => Math.floor((Math.max(seq, 1) - 1) / PAGE);
