/** Follows one trial live: applies the frames of its run and paints the statuses of its steps, and of the bodies in it. */
import { bodyOf, idOf } from "../../graph/model/bodies";
import { idsOf, stepsOf, type Document } from "../../graph/model/document";
import { applyFrames, itemName } from "../../run/model/apply";
import { Connection, type Socket } from "../../run/live/connection";
import { asText, type Frame } from "../../run/model/frame";
import { newRun, type RunState } from "../../run/model/state";
import { statusOf } from "../../run/live/stepStatus";
import type { Statuses } from "../../graph/view/statuses";
import { RUN_ENDED } from "../../shared/vocabulary";

const PAINT_MS = 40;
/** Turns and items may follow each other faster than their runs can be looked at. */
const FOLLOW_MS = 300;

export interface TrialView {
  readonly id: string;
  /** The path of the graph in the draft that the run is of. */
  readonly path: string;
  readonly names: readonly string[];
  /** The graph whose steps these are. */
  readonly graph: Document;
  readonly statuses: Statuses;
  readonly show: (state: RunState, isConnected: boolean) => void;
}

export class LiveTrial {
  private state: RunState;
  private waiting: Frame[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isConnected = false;
  private readonly connection: Connection;
  /** The bodies' runs that began last, by step; and those to be followed next. */
  private readonly inner = new Map<string, LiveTrial>();
  private readonly next = new Map<string, string>();
  private following: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly view: TrialView) {
    this.state = newRun(view.names);
    this.connection = new Connection({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/runs/${view.id}/`,
      after: 0, known: 1,
      open: (url) => new WebSocket(url) as unknown as Socket,
      onFrame: (frame) => this.receive(frame),
      onState: ({ kind }) => this.connected(kind === "live" || kind === "catching_up"),
    });
  }

  start(): void {
    this.paint();
    this.connection.start();
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.following);
    this.connection.stop();
    for (const trial of this.inner.values()) trial.stop();
  }

  private receive(frame: Frame): void {
    this.waiting.push(frame);
    this.timer ??= setTimeout(() => this.flush(), PAINT_MS);
  }

  private flush(): void {
    this.timer = undefined;
    this.state = applyFrames(this.state, this.waiting);
    for (const frame of this.waiting) this.notice(frame);
    this.waiting = [];
    this.paint();
  }

  private notice({ type, step, data }: Frame): void {
    const child = type === "step.waiting" && data.for === "child" ? asText(data.child) : null;
    const name = itemName(step)?.map ?? step;
    if (!child || !bodyOf(this.view.graph, name)) return;
    this.next.set(name, child);
    this.following ??= setTimeout(() => this.follow(), FOLLOW_MS);
  }

  private follow(): void {
    this.following = undefined;
    for (const [name, id] of this.next) {
      const graph = bodyOf(this.view.graph, name) ?? {};
      const trial = new LiveTrial({ ...this.view, id, graph, path: idOf(this.view.path, name), names: idsOf(stepsOf(graph)), show: () => undefined });
      this.inner.get(name)?.stop();
      this.inner.set(name, trial);
      trial.start();
    }
    this.next.clear();
  }

  private connected(isConnected: boolean): void {
    this.isConnected = isConnected;
    this.view.show(this.state, isConnected);
  }

  private paint(): void {
    const hasEnded = RUN_ENDED.has(this.state.status);
    this.view.statuses.set([...this.state.steps].map(([name, step]) => [idOf(this.view.path, name), statusOf(step, hasEnded)]));
    this.view.show(this.state, this.isConnected);
  }
}
