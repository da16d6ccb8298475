/** The first page, live. */
import { find } from "../shared/dom";
import { CHARTS_STALE, INBOX_MOVED } from "../shared/events";
import { isEnd } from "./frame";
import { keepLive, partsOf } from "./live";

const LOOKS_MS = 30_000;

export function startHome(): void {
  const root = find(document, "[data-page=home]");
  if (!root) return;
  const parts = partsOf(root);
  document.addEventListener(INBOX_MOVED, () => parts.refreshSoon());
  setInterval(() => document.hidden || parts.refreshSoon(), LOOKS_MS); // workers and queues send no frames
  keepLive(root, {
    parts,
    onFrame: (frame) => { if (isEnd(frame)) document.dispatchEvent(new Event(CHARTS_STALE)); },
  });
}
