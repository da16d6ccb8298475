/** How many interventions are open, in the header of every page, live. Other parts may listen for what moved. */
import { find, setText } from "../shared/dom";
import { follow } from "../shared/socket";

export const CASE_MOVED = "case-moved";

export interface CaseFrame {
  readonly event: string;
  readonly open: number;
  readonly id?: number;
  readonly run?: string;
  readonly cause?: string;
}

/** The frame in `data`, or null where it is none. */
export function caseFrame(data: unknown): CaseFrame | null {
  const frame = data as Partial<CaseFrame> | null;
  return typeof frame === "object" && typeof frame?.event === "string" && typeof frame.open === "number"
    ? (frame as CaseFrame) : null;
}

export function paintCount(link: HTMLElement, open: number): void {
  link.dataset.openCases = String(open);
  setText(find(link, "[data-slot=count]"), String(open));
}

export function startCaseCount(): void {
  const link = find<HTMLElement>(document, "[data-open-cases]");
  if (!link) return;
  follow({
    path: "/ws/interventions/?count",
    onMessage: (data) => {
      const frame = caseFrame(data);
      if (!frame) return;
      paintCount(link, frame.open);
      document.dispatchEvent(new CustomEvent<CaseFrame>(CASE_MOVED, { detail: frame }));
    },
  });
}
