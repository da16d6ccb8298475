/**
 * The state of a run at any number of its journal. One walk replays the journal in bulk, as far as it is
 * needed, and keeps states at even distances; any number is a short replay away from the nearest of them.
 */
import { present } from "../../shared/present";
import { applyFrames } from "./apply";
import type { Frame } from "./frame";
import { PAGE, type Journal } from "./journal";
import { newRun, type RunState } from "./state";

export const STATES_KEPT = 48;
/** Longer distances are fetched in bulk. */
const SHORT_WAY = 2 * PAGE;
/** Entries after a number, in order: at least one where there is one, at most `limit`. */
export type FetchBulk = (after: number, limit?: number) => Promise<readonly Frame[]>;

export class Replay {
  private readonly kept = new Map<number, RunState>();
  private every = PAGE;
  /** How far the walk has come. */
  private front: RunState;
  private walking: Promise<void> | undefined;

  constructor(names: readonly string[], private readonly journal: Journal, private readonly fetchBulk: FetchBulk) {
    this.front = newRun(names);
    this.kept.set(0, this.front);
  }

  /** The state after entry `seq`; `tell` is called with the progress of the replay. Rejects when the server cannot be reached. */
  async at(seq: number, tell: (reached: number) => void = () => undefined): Promise<RunState> {
    await this.reach(seq, tell);
    let state = this.nearest(seq);
    while (seq - state.lastSeq > SHORT_WAY) state = applyFrames(state, await this.bulk(state.lastSeq, seq - state.lastSeq));
    return applyFrames(state, await this.journal.range(state.lastSeq + 1, seq));
  }

  /** Walks on until a short way is left to entry `seq`. */
  async reach(seq: number, tell: (reached: number) => void = () => undefined): Promise<void> {
    while (seq - this.front.lastSeq >= PAGE) {
      this.walking ??= this.walk().finally(() => { this.walking = undefined; });
      await this.walking;
      if (seq - this.front.lastSeq >= PAGE) tell(this.front.lastSeq);
    }
  }

  private async walk(): Promise<void> {
    const before = this.front.lastSeq;
    const [from, to] = [before + 1, Math.min(before + PAGE, this.journal.lastSeq)];
    const frames = this.journal.has(from, to) ? await this.journal.range(from, to) : await this.bulk(before);
    for (let place = 0; place < frames.length;) {
      const end = place + PAGE - ((before + place) % PAGE);
      this.front = applyFrames(this.front, frames.slice(place, end));
      this.keep(this.front);
      place = end;
    }
  }

  private async bulk(after: number, limit?: number): Promise<readonly Frame[]> {
    const frames = await this.fetchBulk(after, limit);
    if (!frames.length) throw new Error(`Entry ${after + 1} could not be fetched.`);
    return frames;
  }

  private nearest(seq: number): RunState {
    let nearest = present(this.kept.get(0));
    for (const state of [...this.kept.values(), this.front]) {
      if (state.lastSeq <= seq && state.lastSeq > nearest.lastSeq) nearest = state;
    }
    return nearest;
  }

  /** Keeps states at even distances; when there are too many, every other one is dropped. */
  private keep(state: RunState): void {
    if (state.lastSeq % this.every === 0) this.kept.set(state.lastSeq, state);
    if (this.kept.size <= STATES_KEPT) return;
    this.every *= 2;
    for (const seq of this.kept.keys()) if (seq % this.every) this.kept.delete(seq);
  }
}
