/** The page of the fleet. Worker processes and queues send no frames, so it is fetched again every few seconds. */
import { find } from "../shared/dom";
import { partsOf } from "./live";

const LOOKS_MS = 4_000;

export function startFleet(): void {
  const root = find(document, "[data-page=fleet]");
  if (!root) return;
  const parts = partsOf(root);
  document.addEventListener("visibilitychange", () => document.hidden || parts.refreshSoon());
  setInterval(() => document.hidden || parts.refreshSoon(), LOOKS_MS);
}
