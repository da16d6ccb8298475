/** What a run waits for or does, in sentences; and which of the offered operations are still possible. */
import { element, icon, mustFind } from "../../shared/dom";
import { mayStill, situationOf, type Line, type Person, type UndoWorkerOf } from "../model/situation";
import type { RunState } from "../model/state";

const LINES_MAX = 4;
const ICONS: Readonly<Record<string, string>> = {
  go: "check", stop: "alert", back: "undo", hold: "wait", care: "retry", busy: "spin", idle: "idle",
};

export class NowView {
  private text = "";
  private state: RunState | null = null;
  private isPast = false;
  private readonly box: HTMLElement;
  private readonly offered: HTMLElement;

  constructor(private readonly root: HTMLElement, private readonly person: Person, private readonly undoWorkerOf: UndoWorkerOf) {
    this.box = mustFind(root, "[data-slot=situation]");
    this.offered = mustFind(root, "[data-view=panel]");
  }

  paint(state: RunState, isPast: boolean): void {
    [this.state, this.isPast] = [state, isPast];
    const lines = situationOf(state, this.person, this.undoWorkerOf);
    const text = lines.map((line) => line.text).join("\n");
    if (text !== this.text) this.box.replaceChildren(...paragraphs(lines));
    this.text = text;
    this.filter();
  }

  /** Hides what the server offered and the run, as it is known here, allows no more; at a past moment, everything. */
  filter(): void {
    const { state } = this;
    if (!state) return;
    this.offered.hidden = this.isPast;
    mustFind(this.root, "[data-slot=past-note]").hidden = !this.isPast;
    for (const part of this.offered.querySelectorAll<HTMLElement>("[data-while]")) {
      const operation = part.dataset.while ?? "";
      part.hidden = operation !== "" && !mayStill(state, operation);
    }
  }
}

function paragraphs(lines: readonly Line[]): HTMLElement[] {
  const shown = lines.slice(0, LINES_MAX).map(({ text, tone, about }) => {
    const made = element("p", "", icon(ICONS[tone] ?? "idle"), element("span", "", text));
    Object.assign(made.dataset, { tone, about });
    return made;
  });
  const rest = lines.length - LINES_MAX;
  return rest > 0 ? [...shown, element("p", "muted", `and ${rest} more`)] : shown;
}
