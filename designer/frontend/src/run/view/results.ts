/** Outputs and the context, fetched when somebody opens them: frames don't carry them. */
import { find } from "../../ui/dom";
import { showJson } from "../../ui/json";
import { isRecord } from "../frame";

export class ResultsView {
  private fetched: { seq: number; run: Promise<Record<string, unknown>> } | null = null;

  constructor(
    root: HTMLElement,
    private readonly url: string,
    private readonly lastSeq: () => number,
  ) {
    root.addEventListener("toggle", (event) => this.opened(event.target), { capture: true });
  }

  /** Draws again what is open, as the run has moved on. */
  refresh(root: HTMLElement): void {
    for (const open of root.querySelectorAll("details[open][data-result]")) this.opened(open);
  }

  private opened(target: EventTarget | null): void {
    if (!(target instanceof HTMLDetailsElement) || !target.open || !target.dataset.result) return;
    const step = target.closest<HTMLElement>("[data-step]")?.dataset.step;
    const box = find<HTMLElement>(target, ".json");
    if (box) void this.fill(box, target.dataset.result, step);
  }

  private async fill(box: HTMLElement, key: string, step: string | undefined): Promise<void> {
    try {
      const run = await this.run();
      showJson(box, step === undefined ? run[key] : stepOf(run, step)?.[key]);
    } catch {
      box.textContent = "This could not be fetched. Close it and open it again to retry.";
    }
  }

  private run(): Promise<Record<string, unknown>> {
    const seq = this.lastSeq();
    if (this.fetched?.seq !== seq) this.fetched = { seq, run: fetchRun(this.url) };
    this.fetched.run.catch(() => (this.fetched = null));
    return this.fetched.run;
  }
}

async function fetchRun(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  const run: unknown = response.ok ? await response.json() : null;
  if (!isRecord(run)) throw new Error(`status ${response.status}`);
  return run;
}

function stepOf(run: Record<string, unknown>, name: string): Record<string, unknown> | undefined {
  const steps = Array.isArray(run.steps) ? run.steps.filter(isRecord) : [];
  return steps.find((step) => step.name === name);
}
