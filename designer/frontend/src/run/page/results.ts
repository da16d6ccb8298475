/** Inputs, outputs and contexts, fetched when somebody opens them: frames don't carry them. */
import { find } from "../../shared/dom";
import { showValue } from "../../shared/value";

export class ResultsView {
  constructor(root: HTMLElement, private readonly api: string) {
    root.addEventListener("toggle", (event) => this.opened(event.target), { capture: true });
  }

  /** Draws again what is open, as the run has moved on. */
  refresh(root: HTMLElement): void {
    for (const open of root.querySelectorAll("details[open][data-result]")) this.opened(open);
  }

  private opened(target: EventTarget | null): void {
    if (!(target instanceof HTMLDetailsElement) || !target.open || !target.dataset.result) return;
    const holder = target.closest<HTMLElement>("[data-step]");
    const box = find<HTMLElement>(target, ".json");
    const step = holder?.dataset.step ? `/steps/${encodeURIComponent(holder.dataset.step)}` : "";
    const api = holder?.dataset.api ?? this.api;
    if (box) void showValue(box, `${api}${step}/values/${target.dataset.result}`);
  }
}
