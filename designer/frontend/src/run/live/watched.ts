/** One run that is followed live: its current state, its journal and its past states. No drawing. */
import { present } from "../../shared/present";
import { applyFrames } from "../model/apply";
import { Connection, type ConnectionState, type Socket } from "./connection";
import type { Frame } from "../model/frame";
import { fetchBulk, fetchView, type View } from "./api";
import { Journal } from "../model/journal";
import { Replay } from "../model/replay";
import { fromSnapshot } from "../model/snapshot";
import { newRun, type RunState } from "../model/state";

export interface Hooks {
  /** Frames were applied and the current state has changed. */
  readonly moved: (before: RunState, frames: readonly Frame[]) => void;
  /** The graph grew, or a child run began. */
  readonly grown: () => void;
  readonly connected: (state: ConnectionState) => void;
}

const PAINT_MS = 40;
/** So many entries are replayed ahead of the first move of the slider. */
const PREPARED_MAX = 50_000;
const GROW_MS = 150;
const GROW_AGAIN_MS = 3_000;
const GROWS = (frame: Frame): boolean => frame.type === "step.expanded" || (frame.type === "step.waiting" && frame.data.for === "child");

export class WatchedRun {
  state: RunState;
  readonly journal: Journal;
  readonly connection: Connection;
  private readonly replay: Replay;
  private waiting: Frame[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private growing: ReturnType<typeof setTimeout> | undefined;

  constructor(public view: View, private readonly hooks: Hooks) {
    this.state = view.start ? fromSnapshot(view.names, view.start) : newRun(view.names);
    this.journal = new Journal((after, limit) => fetchBulk(view.api, after, limit), this.state.lastSeq);
    this.replay = new Replay(view.names, this.journal, (after, limit) => fetchBulk(view.api, after, limit));
    this.connection = new Connection({
      url: socketUrl(view.socket), after: this.state.lastSeq, known: view.lastSeq,
      open: (url) => new WebSocket(url) as unknown as Socket,
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.hooks.connected(state),
    });
  }

  /** Whether the state has reached the entry at which the server drew the page. */
  get isCaughtUp(): boolean {
    return this.state.lastSeq >= this.view.lastSeq;
  }

  start(): void {
    this.connection.start();
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.growing);
    this.connection.stop();
  }

  /** The state after entry `seq`. */
  at(seq: number, tell?: (reached: number) => void): Promise<RunState> {
    return seq >= this.state.lastSeq ? Promise.resolve(this.state) : this.replay.at(seq, tell);
  }

  /** Prepares the replay for jumps while it is idle. */
  prepare(): Promise<unknown> {
    return this.replay.reach(Math.min(this.state.lastSeq, PREPARED_MAX));
  }

  /** The number of the last entry at or before a moment; the journal's times never go back. */
  async seqAt(moment: string): Promise<number> {
    let [low, high] = [0, this.state.lastSeq];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const [frame] = await this.journal.range(middle, middle);
      if (Date.parse(present(frame).at) <= Date.parse(moment)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private receive(frame: Frame): void {
    this.waiting.push(frame);
    this.timer ??= setTimeout(() => this.flush(), PAINT_MS);
  }

  private flush(): void {
    this.timer = undefined;
    const frames = this.waiting;
    this.waiting = [];
    const before = this.state;
    this.journal.add(frames);
    this.state = applyFrames(before, frames);
    if (frames.some((frame) => frame.seq > this.view.lastSeq && GROWS(frame))) this.growSoon();
    this.hooks.moved(before, frames);
  }

  private growSoon(delayMs = GROW_MS): void {
    this.growing ??= setTimeout(() => {
      this.growing = undefined;
      void this.grow();
    }, delayMs);
  }

  private async grow(): Promise<void> {
    const view = await fetchView(this.view.api).catch(() => null);
    if (!view) {
      this.growSoon(GROW_AGAIN_MS);
      return;
    }
    this.view = { ...this.view, document: view.document, children: view.children };
    this.hooks.grown();
  }
}

function socketUrl(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
