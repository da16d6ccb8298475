/** How much waits for the person, in the header and the title of every page, live. Other parts may listen for what moved. */
import type { LiveState } from "../shared/badges";
import { setText } from "../shared/dom";
import { INBOX_MOVED, INTERVENTION_MOVED } from "../shared/events";
import { isObject } from "../shared/json";
import { follow } from "../shared/socket";

export interface InterventionFrame {
  readonly event: string;
  readonly open: number;
  readonly id?: number;
  readonly run?: string;
  readonly cause?: string;
}

export interface InboxFrame {
  readonly event: "inbox";
  readonly waiting: number;
  /** Whether more waits than was counted. */
  readonly is_more: boolean;
}

/** The frame in `data`, or null where it is none. */
export function interventionFrame(data: unknown): InterventionFrame | null {
  const isFrame = isObject(data) && typeof data.event === "string" && typeof data.open === "number";
  return isFrame ? (data as unknown as InterventionFrame) : null;
}

export function inboxFrame(data: unknown): InboxFrame | null {
  const isFrame = isObject(data) && data.event === "inbox" && typeof data.waiting === "number" && typeof data.is_more === "boolean";
  return isFrame ? (data as unknown as InboxFrame) : null;
}

const COUNT_BEFORE_TITLE = /^\([\d,]+\+?\) /;

export function paintCount(page: Document, { waiting, is_more }: InboxFrame): void {
  const words = `${waiting.toLocaleString("en")}${is_more ? "+" : ""}`;
  for (const place of page.querySelectorAll<HTMLElement>("[data-slot=inbox-count]")) {
    setText(place, words);
    place.hidden = waiting === 0;
  }
  const title = page.title.replace(COUNT_BEFORE_TITLE, "");
  page.title = waiting ? `(${words}) ${title}` : title;
}

const listeners: ((state: LiveState) => void)[] = [];
let state: LiveState | null = null;

/** Calls `listener` with the state of the connection, now and whenever it changes. */
export function onConnection(listener: (state: LiveState) => void): void {
  listeners.push(listener);
  if (state) listener(state);
}

function connected(now: LiveState): void {
  state = now;
  for (const listener of listeners) listener(now);
}

export function startInboxCount(): void {
  if (!document.querySelector("[data-slot=inbox-count]")) return;
  follow({
    path: "/ws/interventions/?inbox",
    onOpen: () => connected("live"),
    onLost: (willReturn) => connected(willReturn ? "lost" : "refused"),
    onMessage: (data) => {
      const waiting = inboxFrame(data);
      if (waiting) {
        paintCount(document, waiting);
        document.dispatchEvent(new Event(INBOX_MOVED));
      }
      const frame = interventionFrame(data);
      if (frame) document.dispatchEvent(new CustomEvent<InterventionFrame>(INTERVENTION_MOVED, { detail: frame }));
    },
  });
}
