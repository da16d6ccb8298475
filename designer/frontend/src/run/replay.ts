/** A run as it was at any number of its journal: replayed from the nearest state that is kept. */
import { applyFrames } from "./apply";
import { PAGE, type Journal } from "./journal";
import { newRun, type RunState } from "./state";

export const STATES_KEPT = 24;

export class Replay {
  private readonly kept = new Map<number, RunState>();
  private every = PAGE;
  private latest: RunState;

  constructor(names: readonly string[], private readonly journal: Journal) {
    this.latest = newRun(names);
    this.kept.set(0, this.latest);
  }

  /** The state after entry `seq`; `tell` hears how far the replay has come. */
  async at(seq: number, tell: (reached: number) => void = () => undefined): Promise<RunState> {
    let state = this.nearest(seq);
    while (state.lastSeq < seq) {
      const next = Math.min(seq, (Math.floor(state.lastSeq / PAGE) + 1) * PAGE);
      state = applyFrames(state, await this.journal.range(state.lastSeq + 1, next));
      this.keep(state);
      if (state.lastSeq < seq) tell(state.lastSeq);
    }
    this.latest = state;
    return state;
  }

  private nearest(seq: number): RunState {
    let found = this.kept.get(0)!;
    for (const state of [...this.kept.values(), this.latest]) {
      if (state.lastSeq <= seq && state.lastSeq > found.lastSeq) found = state;
    }
    return found;
  }

  /** States at even distances; where there are too many, every other one goes. */
  private keep(state: RunState): void {
    if (state.lastSeq % this.every === 0) this.kept.set(state.lastSeq, state);
    if (this.kept.size <= STATES_KEPT) return;
    this.every *= 2;
    for (const seq of this.kept.keys()) if (seq % this.every) this.kept.delete(seq);
  }
}
