/**
 * Keeps one socket to a run's journal and hands over its frames: in order, once, without a gap.
 * After a loss it reconnects with growing delays and asks for what comes after the last frame.
 */
import { parseFrame, type Frame } from "../model/frame";

export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "catching_up" }
  | { kind: "live" }
  | { kind: "reconnecting"; delayMs: number; tries: number }
  | { kind: "refused"; code: number };

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(): void;
}

export interface Options {
  /** The socket's address without `?after=`. */
  url: string;
  /** Number of the last frame that the page already has, and of the last one known to exist. */
  after: number;
  known: number;
  open: (url: string) => Socket;
  onFrame: (frame: Frame) => void;
  onState: (state: ConnectionState) => void;
  random?: () => number;
}

export const DELAY_MS_FIRST = 500;
export const DELAY_MS_MAX = 15_000;
/** A connection that has not opened by then is given up. */
export const OPEN_MS_MAX = 10_000;
/** Without a frame for this long, a new connection has caught up. */
export const QUIET_MS = 250;
/** Closing codes after which a reconnect is pointless: signed out, foreign origin, no such run. */
const REFUSED = new Set([4401, 4403, 4404]);

export class Connection {
  private socket: Socket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private after: number;
  private known: number;
  private isStopped = false;

  constructor(private readonly options: Options) {
    this.after = options.after;
    this.known = options.known;
  }

  get lastSeq(): number {
    return this.after;
  }

  start(): void {
    this.options.onState({ kind: "connecting" });
    this.connect();
  }

  stop(): void {
    this.isStopped = true;
    this.drop();
  }

  /** The journal is known to have reached `seq`; a connection that lags behind is replaced. */
  expect(seq: number): void {
    this.known = Math.max(this.known, seq);
    if (this.known > this.after && this.socket && !this.isStopped) this.lose();
  }

  /** Reports the loss of the network at once instead of waiting for a timeout. */
  lose(): void {
    if (this.isStopped) return;
    this.drop();
    this.scheduleRetry();
  }

  /** Retries at once instead of at the scheduled time. */
  retryNow(): void {
    if (this.isStopped || this.socket) return;
    clearTimeout(this.timer);
    this.connect();
  }

  private connect(): void {
    const socket = this.options.open(`${this.options.url}?after=${this.after}`);
    this.socket = socket;
    this.timer = setTimeout(() => this.lose(), OPEN_MS_MAX);
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.closed(event.code);
  }

  private opened(): void {
    clearTimeout(this.timer);
    this.options.onState({ kind: "catching_up" });
    this.awaitQuiet();
  }

  private receive(data: unknown): void {
    const frame = typeof data === "string" ? parseFrame(data) : null;
    if (!frame || frame.seq > this.after + 1) return this.lose();
    if (frame.seq <= this.after) return;
    this.after = frame.seq;
    this.tries = 0;
    this.options.onFrame(frame);
    if (this.quiet !== undefined) this.awaitQuiet();
  }

  private awaitQuiet(): void {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => {
      this.quiet = undefined;
      if (this.after < this.known) return this.awaitQuiet();
      this.tries = 0;
      this.options.onState({ kind: "live" });
    }, QUIET_MS);
  }

  private closed(code: number): void {
    this.drop();
    if (!REFUSED.has(code)) return this.scheduleRetry();
    this.isStopped = true;
    this.options.onState({ kind: "refused", code });
  }

  private scheduleRetry(): void {
    const delayMs = this.delay();
    this.tries += 1;
    this.options.onState({ kind: "reconnecting", delayMs, tries: this.tries });
    this.timer = setTimeout(() => this.connect(), delayMs);
  }

  private delay(): number {
    const longest = Math.min(DELAY_MS_MAX, DELAY_MS_FIRST * 2 ** this.tries);
    return Math.round(longest * (0.5 + 0.5 * (this.options.random ?? Math.random)()));
  }

  private drop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.quiet);
    this.quiet = undefined;
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
