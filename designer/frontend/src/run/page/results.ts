/** Inputs, outputs and contexts. Frames do not carry them, so they are fetched when they are opened. */
import { find } from "../../shared/dom";
import { showValue } from "../../shared/value";

export class ResultsView {
  constructor(root: HTMLElement, private readonly api: string) {
    root.addEventListener("toggle", (event) => this.opened(event.target), { capture: true });
  }

  /** Fetches the open values again after the run has moved on. */
  refresh(root: HTMLElement): void {
    for (const open of root.querySelectorAll("details[open][data-result]")) this.opened(open);
  }

  private opened(target: EventTarget | null): void {
    if (!(target instanceof HTMLDetailsElement) || !target.open || !target.dataset.result) return;
    const holder = target.closest<HTMLElement>("[data-step]");
    const box = find(target, ".json");
    const step = holder?.dataset.step ? `/steps/${encodeURIComponent(holder.dataset.step)}` : "";
    const api = holder?.dataset.api ?? this.api;
    if (box) void showValue(box, `${api}${step}/values/${target.dataset.result}`);
  }
}
