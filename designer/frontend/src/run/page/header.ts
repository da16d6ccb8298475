/** The header of a run's page: status, clock, error and the state of the connection. */
import { find, icon, setText } from "../../shared/dom";
import { duration, fillTime } from "../../shared/time";
import type { ConnectionState } from "../live/connection";
import type { RunState } from "../model/state";
import type { Badges } from "../../shared/badges";
import { RUN_ENDED, STEP_ENDED, UNDO_DONE } from "../../shared/vocabulary";

export class HeaderView {
  private state: RunState | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly badges: Badges,
    private readonly now: () => number,
    private readonly title = document.title,
  ) {}

  paint(state: RunState): void {
    this.state = state;
    this.badges.show(this.slot("run-status"), "run", state.status);
    document.title = `${this.slot("run-status")?.textContent.trim() ?? ""} · ${this.title}`;
    this.paintTime("run-started", state.startedAt);
    this.paintTime("run-finished", state.finishedAt);
    this.tick();
  }

  tick(): void {
    const { startedAt, finishedAt, status, steps } = this.state ?? {};
    if (!startedAt || !steps || !status) return;
    const end = RUN_ENDED.has(status) && finishedAt ? Date.parse(finishedAt) : this.now();
    setText(this.slot("run-duration"), duration(end - Date.parse(startedAt)));
    setText(this.slot("run-progress"), progress([...steps.values()]));
  }

  private paintTime(name: string, iso: string | null): void {
    const box = this.slot(name);
    const time = box && find<HTMLTimeElement>(box, "time");
    box?.toggleAttribute("hidden", !iso);
    if (time && iso && time.dateTime !== iso) fillTime(time, iso);
  }

  private slot(name: string): HTMLElement | null {
    return find(this.root, `[data-slot="${name}"]`);
  }
}

function progress(steps: { status: string; undo: string }[]): string {
  const done = steps.filter(({ status }) => STEP_ENDED.has(status)).length;
  const planned = steps.filter(({ undo }) => undo !== "none" && undo !== "taken_over");
  const undone = planned.filter(({ undo }) => UNDO_DONE.has(undo)).length;
  const forward = `${done} of ${steps.length} steps ended`;
  return planned.length ? `${forward}, ${undone} of ${planned.length} undone` : forward;
}

interface Words {
  tone: string;
  icon: string;
  text: string;
  /** On hover. */
  more?: string;
}

export function paintConnection(target: HTMLElement, state: ConnectionState, lastSeq: number): void {
  const { tone, icon: name, text, more = "" } = wordsOf(state, lastSeq);
  Object.assign(target.dataset, { state: state.kind, tone });
  target.title = more;
  target.replaceChildren(icon(name), text);
}

function wordsOf(state: ConnectionState, lastSeq: number): Words {
  switch (state.kind) {
    case "connecting":
      return { tone: "idle", icon: "link", text: "Connecting" };
    case "catching_up":
      return { tone: "hold", icon: "link", text: "Catching up", more: `At entry ${lastSeq}` };
    case "live":
      return { tone: "go", icon: "link", text: "Live" };
    case "reconnecting":
      return {
        tone: "care", icon: "unlink",
        text: `Not connected; trying again in ${duration(state.delayMs)}. Shown as of entry ${lastSeq}`,
      };
    case "refused":
      return { tone: "stop", icon: "unlink", text: "Not connected. Reload the page to sign in again" };
  }
}
