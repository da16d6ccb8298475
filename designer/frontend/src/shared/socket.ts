/** A socket of hints that comes back by itself. What is missed meanwhile is asked for anew by who listens. */

export interface Hints {
  /** Path of the socket on this site. */
  path: string;
  onMessage: (data: unknown) => void;
  /** Each time that it is open (again). */
  onOpen?: () => void;
  /** Each time that it is lost; `willReturn`: it is tried again. */
  onLost?: (willReturn: boolean) => void;
}

const DELAY_MS_FIRST = 1_000;
const DELAY_MS_MAX = 30_000;
/** Closing codes that no new try will change: signed out, foreign origin, no such thing. */
const REFUSED = new Set([4400, 4401, 4403, 4404]);

export function follow(hints: Hints): void {
  let tries = 0;
  const connect = (): void => {
    const socket = new WebSocket(address(hints.path));
    socket.onopen = () => hints.onOpen?.();
    socket.onmessage = (event) => {
      tries = 0;
      hints.onMessage(parse(event.data));
    };
    socket.onclose = (event) => {
      hints.onLost?.(!REFUSED.has(event.code));
      if (REFUSED.has(event.code)) return;
      setTimeout(connect, delay(tries));
      tries += 1;
    };
  };
  connect();
}

/** Milliseconds before the next try: longer each time, and never the same for all pages at once. */
export function delay(tries: number, random: () => number = Math.random): number {
  return Math.round(Math.min(DELAY_MS_MAX, DELAY_MS_FIRST * 2 ** tries) * (0.5 + 0.5 * random()));
}

function address(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function parse(data: unknown): unknown {
  try {
    return typeof data === "string" ? JSON.parse(data) : null;
  } catch {
    return null;
  }
}
