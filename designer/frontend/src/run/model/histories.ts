/** Journal entries by step, fetched only for steps in view; the least recently used are dropped. */
import { itemName } from "./apply";
import type { Frame } from "./frame";
import type { Journal } from "./journal";

export const STEPS_KEPT = 400;
/** So many steps are asked for at once. */
export const STEPS_ASKED = 50;
export type FetchHistories = (steps: readonly string[]) => Promise<readonly Frame[]>;

export class Histories {
  private readonly kept = new Map<string, Frame[]>();
  private readonly asked = new Set<string>();

  constructor(private readonly journal: Journal, private readonly fetch: FetchHistories) {}

  get size(): number {
    return this.kept.size;
  }

  get(step: string): readonly Frame[] | undefined {
    return this.kept.get(step);
  }

  /** Adds entries of known steps; those of other steps are fetched when needed. */
  add(frames: readonly Frame[]): void {
    for (const frame of frames) {
      const map = itemName(frame.step)?.map;
      const known = this.kept.get(map ?? frame.step);
      if (!known || frame.seq <= (known.at(-1)?.seq ?? 0)) continue;
      if (map === undefined ? frame.type !== "step.progress" : UNDOS.test(frame.type)) append(known, frame);
    }
  }

  /** Fetches the missing entries of `steps`. True if there were some. Rejects when the server cannot be reached. */
  async need(steps: readonly string[]): Promise<boolean> {
    const missing = steps.filter((step) => !this.kept.has(step) && !this.asked.has(step)).slice(0, STEPS_ASKED);
    for (const step of steps) this.touch(step);
    if (!missing.length) return false;
    for (const step of missing) this.asked.add(step);
    try {
      this.take(missing, await this.find(missing));
    } finally {
      for (const step of missing) this.asked.delete(step);
    }
    return true;
  }

  /** Entries that arrived meanwhile are in the journal already and newer than those fetched. */
  private take(steps: readonly string[], frames: readonly Frame[]): void {
    for (const step of steps) this.kept.set(step, []);
    this.add(frames);
    for (let seq = Math.max(0, ...frames.map((frame) => frame.seq)) + 1; seq <= this.journal.lastSeq; seq += 1) {
      const frame = this.journal.get(seq);
      if (frame) this.add([frame]);
    }
    for (const step of this.kept.keys()) {
      if (this.kept.size <= STEPS_KEPT) return;
      this.kept.delete(step);
    }
  }

  private async find(steps: readonly string[]): Promise<readonly Frame[]> {
    const { lastSeq } = this.journal;
    return this.journal.has(1, lastSeq) ? this.journal.range(1, lastSeq) : this.fetch(steps);
  }

  private touch(step: string): void {
    const frames = this.kept.get(step);
    if (!frames) return;
    this.kept.delete(step);
    this.kept.set(step, frames);
  }
}

const UNDOS = /^compensation\.(started|completed|failed)$/;
const isItems = (frame: Frame | undefined): boolean => frame?.step.endsWith("]") ?? false;

/** The undo of a map's items is one span, so their first start and their latest end suffice. */
function append(known: Frame[], frame: Frame): void {
  const last = known.at(-1);
  if (isItems(frame) && isItems(last)) {
    if (last?.type !== "compensation.started") known.pop();
    if (frame.type === "compensation.started") return;
  }
  known.push(frame);
}
