/** One trial as it happens: the run's frames become statuses of the canvas. */
import { applyFrames } from "../../run/model/apply";
import { Connection, type Socket } from "../../run/live/connection";
import type { Frame } from "../../run/model/frame";
import { newRun, type RunState, type StepState } from "../../run/model/state";
import { noteOf } from "../../run/model/words";
import type { Statuses, StepStatus } from "../../graph/view/statuses";
import { RUN_ENDED } from "../../shared/vocabulary";

const PAINT_MS = 40;

export interface Watched {
  readonly id: string;
  readonly names: readonly string[];
  readonly statuses: Statuses;
  readonly show: (state: RunState, isConnected: boolean) => void;
}

export class LiveTrial {
  private state: RunState;
  private waiting: Frame[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isConnected = false;
  private readonly connection: Connection;

  constructor(private readonly watched: Watched) {
    this.state = newRun(watched.names);
    this.connection = new Connection({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/runs/${watched.id}/`,
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
    this.connection.stop();
  }

  private receive(frame: Frame): void {
    this.waiting.push(frame);
    this.timer ??= setTimeout(() => this.flush(), PAINT_MS);
  }

  private flush(): void {
    this.timer = undefined;
    this.state = applyFrames(this.state, this.waiting);
    this.waiting = [];
    this.paint();
  }

  private connected(is: boolean): void {
    this.isConnected = is;
    this.watched.show(this.state, is);
  }

  private paint(): void {
    const hasEnded = RUN_ENDED.has(this.state.status);
    this.watched.statuses.set([...this.state.steps].map(([name, step]) => [name, statusOf(step, hasEnded)]));
    this.watched.show(this.state, this.isConnected);
  }
}

export function statusOf(step: StepState, hasEnded: boolean): StepStatus {
  const status = hasEnded && step.status === "pending" ? "unreached" : step.status;
  const note = noteOf(step);
  return { status, undo: step.undo, ...(note && { note }) };
}
