import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  Connection, DELAY_MS_FIRST, DELAY_MS_MAX, OPEN_MS_MAX, QUIET_MS, type ConnectionState, type Socket,
} from "../../../src/run/live/connection";
import type { Frame } from "../../../src/run/model/frame";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  isClosed = false;

  constructor(readonly url: string) {}

  close(): void {
    this.isClosed = true;
  }

  send(...seqs: number[]): void {
    for (const seq of seqs) this.onmessage?.({ data: JSON.stringify({ seq, type: "step.progress" }) });
  }
}

let sockets: FakeSocket[];
let frames: Frame[];
let states: ConnectionState[];

const last = (): FakeSocket => sockets.at(-1)!;
const kinds = (): string[] => states.map(({ kind }) => kind);

function connect(known = 0, after = 0): Connection {
  const connection = new Connection({
    url: "ws://board/ws/runs/1/", after, known,
    open: (url) => {
      sockets.push(new FakeSocket(url));
      return last();
    },
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    random: () => 1,
  });
  connection.start();
  return connection;
}

beforeEach(() => {
  vi.useFakeTimers();
  [sockets, frames, states] = [[], [], []];
});
afterEach(() => {
  vi.useRealTimers();
});

describe("catching up", () => {
  it("asks for all after the last frame, and is live when it is quiet and has what is known", () => {
    connect(3);
    expect(last().url).toBe("ws://board/ws/runs/1/?after=0");
    last().onopen?.();
    last().send(1, 2);
    vi.advanceTimersByTime(QUIET_MS * 3);
    expect(kinds()).toEqual(["connecting", "catching_up"]);
    last().send(3);
    vi.advanceTimersByTime(QUIET_MS);
    expect(kinds().at(-1)).toBe("live");
    expect(frames.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("hands over no frame twice", () => {
    connect();
    last().send(1, 1, 2, 1, 2, 3);
    expect(frames.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });
});

describe("a loss", () => {
  it("leads to a new connection that goes on where the old one ended", () => {
    connect();
    last().onopen?.();
    last().send(1, 2);
    last().onclose?.({ code: 1006 });
    expect(states.at(-1)).toEqual({ kind: "reconnecting", delayMs: DELAY_MS_FIRST, tries: 1 });
    vi.advanceTimersByTime(DELAY_MS_FIRST);
    expect(last().url).toBe("ws://board/ws/runs/1/?after=2");
    last().onopen?.();
    last().send(3);
    expect(frames.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("is also a gap, or text that is no frame", () => {
    connect();
    last().send(1, 3);
    expect(sockets[0]!.isClosed).toBe(true);
    vi.advanceTimersByTime(DELAY_MS_FIRST);
    expect(last().url).toContain("after=1");
    last().onmessage?.({ data: "<html>" });
    expect(kinds().at(-1)).toBe("reconnecting");
    expect(frames.map(({ seq }) => seq)).toEqual([1]);
  });

  it("makes the delays grow up to a bound, and a frame starts them anew", () => {
    connect();
    const delays: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      last().onclose?.({ code: 1006 });
      const state = states.at(-1) as Extract<ConnectionState, { kind: "reconnecting" }>;
      delays.push(state.delayMs);
      vi.advanceTimersByTime(state.delayMs);
    }
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    last().send(1);
    last().onclose?.({ code: 1006 });
    expect(states.at(-1)).toMatchObject({ delayMs: DELAY_MS_FIRST });
  });

  it("is assumed of a connection that does not open", () => {
    connect();
    vi.advanceTimersByTime(OPEN_MS_MAX);
    expect(kinds().at(-1)).toBe("reconnecting");
  });

  it("that is known at once is shown at once, and mended at once when the network is back", () => {
    const connection = connect();
    last().onopen?.();
    connection.lose();
    expect(kinds().at(-1)).toBe("reconnecting");
    connection.retryNow();
    expect(sockets).toHaveLength(2);
    connection.retryNow();
    vi.advanceTimersByTime(DELAY_MS_FIRST);
    expect(sockets).toHaveLength(2);
  });

  it("is noticed when somebody knows of entries that did not arrive", () => {
    const connection = connect();
    last().onopen?.();
    last().send(1);
    vi.advanceTimersByTime(QUIET_MS);
    connection.expect(1);
    expect(kinds().at(-1)).toBe("live");
    connection.expect(4);
    expect(kinds().at(-1)).toBe("reconnecting");
  });
});

describe("a refusal", () => {
  it.each([4401, 4403, 4404])("with code %i is final", (code) => {
    connect();
    last().onclose?.({ code });
    expect(states.at(-1)).toEqual({ kind: "refused", code });
    vi.advanceTimersByTime(DELAY_MS_MAX * 4);
    expect(sockets).toHaveLength(1);
  });

  it("and a stop leave no timer behind", () => {
    connect().stop();
    vi.advanceTimersByTime(DELAY_MS_MAX * 4);
    expect(sockets).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
