/** One run that is watched: its state now, its journal, and the moment of it that is shown. No drawing. */
import { applyFrames } from "../model/apply";
import { Connection, type ConnectionState, type Socket } from "./connection";
import { asText, frameOf, frameOfRow, isRecord, type Frame } from "../model/frame";
import { Journal } from "../model/journal";
import { Replay } from "../model/replay";
import { fromSnapshot } from "../model/snapshot";
import { newRun, type RunState } from "../model/state";
import type { Document } from "../../graph/model/document";

/** What the server tells of a run (`runs.watching.view_json`). */
export interface View {
  readonly id: string;
  readonly workflow: string;
  readonly names: readonly string[];
  readonly document: Document;
  readonly start: Readonly<Record<string, unknown>> | null;
  readonly children: Readonly<Record<string, string>>;
  readonly lastSeq: number;
  readonly now: string;
  readonly socket: string;
  readonly api: string;
  readonly page: string;
}

export interface Hooks {
  /** Frames were applied: the state now is another one. */
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

  /** Whether it knows as much as the server did when the page was drawn. */
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

  /** Makes the replay ready for jumps, while nobody waits for one. */
  prepare(): Promise<unknown> {
    return this.replay.reach(Math.min(this.state.lastSeq, PREPARED_MAX));
  }

  /** The number of the last entry at or before a moment; the journal's times never go back. */
  async seqAt(moment: string): Promise<number> {
    let [low, high] = [0, this.state.lastSeq];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const [frame] = await this.journal.range(middle, middle);
      if (Date.parse(frame!.at) <= Date.parse(moment)) low = middle;
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
    if (!view) return this.growSoon(GROW_AGAIN_MS);
    this.view = { ...this.view, document: view.document, children: view.children };
    this.hooks.grown();
  }
}

export async function fetchView(api: string): Promise<View> {
  return (await fetchJson(`${api}/view`)) as unknown as View;
}

/** Journal entries; with `step`, those of one step alone. */
export async function fetchFrames(api: string, asked: { after: number; limit: number; step?: string }): Promise<Frame[]> {
  const query = new URLSearchParams(Object.entries(asked).map(([key, value]) => [key, String(value)]));
  const { events } = await fetchJson(`${api}/events?${query}`);
  return framesIn(events);
}

export function framesIn(events: unknown): Frame[] {
  return (Array.isArray(events) ? events : []).flatMap((event) => frameOf(event) ?? []);
}

/** The entries after number `after` in bulk, as many as the server gives at once. */
async function fetchBulk(api: string, after: number, limit?: number): Promise<Frame[]> {
  const { entries } = await fetchJson(`${api}/replay?after=${after}${limit === undefined ? "" : `&limit=${limit}`}`);
  return (Array.isArray(entries) ? entries : []).flatMap((row, place) => frameOfRow(row, after + place + 1) ?? []);
}

/** All entries of some steps but their progress, oldest first. */
export async function fetchHistories(api: string, steps: readonly string[]): Promise<Frame[]> {
  const found: Frame[] = [];
  for (let next: unknown = 0; typeof next === "number";) {
    const query = new URLSearchParams([["after", String(next)], ...steps.map((step) => ["step", step])]);
    const answer = await fetchJson(`${api}/timeline?${query}`);
    found.push(...framesIn(answer.events));
    next = answer.next;
  }
  return found;
}

/** An object from the API. Rejects with the server's own words. */
export async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && isRecord(answer)) return answer;
  throw new Error((isRecord(answer) && asText(answer.detail)) || `The server answered with status ${response.status}.`);
}

function socketUrl(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
