/** Follows one trial live: applies the frames of its run and paints the statuses of its steps. */
import { applyFrames } from "../../run/model/apply";
import { Connection, type Socket } from "../../run/live/connection";
import type { Frame } from "../../run/model/frame";
import { newRun, type RunState } from "../../run/model/state";
import { statusOf } from "../../run/live/stepStatus";
import type { Statuses } from "../../graph/view/statuses";
import { RUN_ENDED } from "../../shared/vocabulary";

const PAINT_MS = 40;

export interface TrialView {
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

  private connected(isConnected: boolean): void {
    this.isConnected = isConnected;
    this.view.show(this.state, isConnected);
  }

  private paint(): void {
    const hasEnded = RUN_ENDED.has(this.state.status);
    this.view.statuses.set([...this.state.steps].map(([name, step]) => [name, statusOf(step, hasEnded)]));
    this.view.show(this.state, this.isConnected);
  }
}
