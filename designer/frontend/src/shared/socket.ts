/** A socket that reconnects by itself. Messages that are missed meanwhile are lost: the listener fetches the state again when the socket opens. */
import { jsonIn } from "./json";

export interface Hints {
  /** Path of the socket on this site. */
  path: string;
  onMessage: (data: unknown) => void;
  /** Called each time the socket opens. */
  onOpen?: () => void;
  /** Called each time the socket is lost; `willReturn`: it reconnects later. */
  onLost?: (willReturn: boolean) => void;
}

const DELAY_MS_FIRST = 1_000;
const DELAY_MS_MAX = 30_000;
/** Closing codes after which a reconnect is pointless: signed out, foreign origin, not found. */
const REFUSED = new Set([4400, 4401, 4403, 4404]);

export function follow(hints: Hints): void {
  let tries = 0;
  const connect = (): void => {
    const socket = new WebSocket(address(hints.path));
    socket.onopen = () => hints.onOpen?.();
    socket.onmessage = (event) => {
      tries = 0;
      hints.onMessage(typeof event.data === "string" ? jsonIn(event.data) ?? null : null);
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

/** Milliseconds before the next try: longer each time, with a random part so that not all pages reconnect at once. */
export function delay(tries: number, random: () => number = Math.random): number {
  return Math.round(Math.min(DELAY_MS_MAX, DELAY_MS_FIRST * 2 ** tries) * (0.5 + 0.5 * random()));
}

function address(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
