/** How many interventions are open, in the header of every page, live. Other parts may listen for what moved. */
import { find, setText } from "../shared/dom";
import { INTERVENTION_MOVED } from "../shared/events";
import { isObject } from "../shared/json";
import { follow } from "../shared/socket";

export interface InterventionFrame {
  readonly event: string;
  readonly open: number;
  readonly id?: number;
  readonly run?: string;
  readonly cause?: string;
}

/** The frame in `data`, or null where it is none. */
export function interventionFrame(data: unknown): InterventionFrame | null {
  const isFrame = isObject(data) && typeof data.event === "string" && typeof data.open === "number";
  return isFrame ? (data as unknown as InterventionFrame) : null;
}

export function paintCount(link: HTMLElement, open: number): void {
  link.dataset.openInterventions = String(open);
  setText(find(link, "[data-slot=count]"), String(open));
}

export function startInterventionCount(): void {
  const link = find(document, "[data-open-interventions]");
  if (!link) return;
  follow({
    path: "/ws/interventions/?count",
    onMessage: (data) => {
      const frame = interventionFrame(data);
      if (!frame) return;
      paintCount(link, frame.open);
      document.dispatchEvent(new CustomEvent<InterventionFrame>(INTERVENTION_MOVED, { detail: frame }));
    },
  });
}
