/** The list of steps: forward going down, undo coming back up. Rows come from the server's markup. */
import { find, setText } from "../../ui/dom";
import { duration, short } from "../../ui/time";
import { ENDED, type Items, type RunState, type StepState } from "../state";
import type { Badges } from "./badges";

const FAILING_SHOWN_MAX = 20;

export class StepsView {
  private readonly rows = new Map<string, HTMLElement>();
  private readonly painted = new Map<string, StepState>();
  private isOver = false;

  constructor(
    private readonly list: HTMLElement,
    private readonly template: HTMLTemplateElement,
    private readonly badges: Badges,
    private readonly now: () => number,
  ) {
    for (const row of list.querySelectorAll<HTMLElement>(":scope > [data-step]")) {
      this.rows.set(row.dataset.step ?? "", row);
    }
  }

  paint(state: RunState): void {
    if (state.order.length !== this.rows.size) this.addRows(state);
    const isOver = ENDED.has(state.status);
    if (isOver !== this.isOver) this.painted.clear();
    this.isOver = isOver;
    for (const step of state.steps.values()) {
      if (this.painted.get(step.name) !== step) this.paintStep(step);
    }
  }

  /** Moves the clocks of what is under way. */
  tick(): void {
    for (const step of this.painted.values()) {
      if (step.status === "running" || step.dueAt) this.paintTimes(this.rows.get(step.name)!, step);
    }
  }

  private addRows(state: RunState): void {
    let before: HTMLElement | null = null;
    for (const name of state.order) {
      const row: HTMLElement = this.rows.get(name) ?? this.makeRow(state.steps.get(name)!);
      if (!row.isConnected) before ? before.after(row) : this.list.prepend(row);
      before = row;
    }
  }

  private makeRow({ name, addedBy }: StepState): HTMLElement {
    const row = find<HTMLElement>(this.template.content, "[data-step]")!.cloneNode(true) as HTMLElement;
    row.dataset.step = name;
    setText(slot(row, "name"), name);
    if (addedBy) setText(slot(row, "origin"), `added by ${addedBy}`);
    this.rows.set(name, row);
    return row;
  }

  private paintStep(step: StepState): void {
    const row = this.rows.get(step.name)!;
    this.painted.set(step.name, step);
    Object.assign(row.dataset, { status: step.status, undo: step.undo });
    const shown = this.isOver && step.status === "pending" ? "unreached" : step.status;
    this.badges.show(slot(row, "status"), "step", shown);
    this.badges.showIcon(slot(row, "forward-node"), "step", shown);
    this.paintUndo(row, step);
    this.paintTimes(row, step);
    setText(slot(row, "attempts"), attempts(step));
    setText(slot(row, "error"), errorOf(step));
    slot(row, "output")?.toggleAttribute("hidden", step.status !== "completed");
    if (step.items) this.paintItems(row, step.items);
  }

  private paintUndo(row: HTMLElement, { undo, undoPlace }: StepState): void {
    const badge = slot(row, "undo");
    badge?.toggleAttribute("hidden", undo === "none");
    if (undo === "none") return;
    this.badges.show(badge, "undo", undo);
    this.badges.showIcon(slot(row, "undo-node"), "undo", undo);
    if (undoPlace && undo === "pending") badge?.firstElementChild?.setAttribute("title", `Number ${undoPlace} to be undone`);
  }

  private paintTimes(row: HTMLElement, step: StepState): void {
    const now = this.now();
    const isUnderWay = step.status === "running" || step.status === "waiting";
    const end = step.finishedAt && !isUnderWay ? Date.parse(step.finishedAt) : now;
    const isTimed = step.startedAt && (step.finishedAt || isUnderWay);
    setText(slot(row, "duration"), isTimed ? duration(end - Date.parse(step.startedAt!)) : "");
    setText(slot(row, "detail"), detail(step, now));
  }

  private paintItems(row: HTMLElement, items: Items): void {
    const box = slot(row, "items");
    if (!box) return;
    box.hidden = false;
    const done = (items.counts.completed ?? 0) + (items.counts.failed ?? 0) + (items.counts.cancelled ?? 0);
    const meter = find<HTMLProgressElement>(box, "progress");
    if (meter) [meter.max, meter.value] = [Math.max(items.total, 1), done];
    setText(slot(box, "counts"), countsOf(items, done));
    setText(slot(box, "failing"), failingOf(items));
  }
}

function slot(root: ParentNode, name: string): HTMLElement | null {
  return find<HTMLElement>(root, `[data-slot="${name}"]`);
}

/** The error that still counts: an undo that failed and then succeeded is over. */
function errorOf({ error, status, undo }: StepState): string {
  const isOver = status === "completed" && (undo === "compensated" || undo === "resolved");
  return error && !isOver ? [error.code, error.message].filter(Boolean).join(": ") : "";
}

function attempts({ attempt, undoAttempt }: StepState): string {
  const forward = attempt > 1 ? `${attempt} attempts` : "";
  const undo = undoAttempt > 1 ? `${undoAttempt} undo attempts` : "";
  return [forward, undo].filter(Boolean).join(", ");
}

function detail(step: StepState, now: number): string {
  if (step.status === "retrying" || (step.undo === "pending" && step.dueAt)) return retryIn(step.dueAt, now);
  if (step.status === "waiting") return waitsFor(step);
  if (step.status === "running" && step.direction === "verify") return "Asking what became of the last attempt";
  if (step.status === "running" && step.direction === "fallback") return "Running its fallback";
  if (step.status === "running" && step.progress) return progressOf(step.progress);
  return "";
}

function retryIn(dueAt: string | null, now: number): string {
  if (!dueAt) return "";
  const left = Date.parse(dueAt) - now;
  return left > 0 ? `Next attempt in ${duration(Math.ceil(left / 1_000) * 1_000)}` : "Next attempt is due";
}

function waitsFor({ waits, dueAt }: StepState): string {
  const until = dueAt ? ` until ${short(new Date(dueAt))}` : "";
  if (waits?.for === "signal") return `Waits for the signal “${String(waits.signal)}”${until}`;
  if (waits?.for === "approval") return `Waits for approval${until}${waits.message ? `: ${String(waits.message)}` : ""}`;
  if (waits?.for === "child") return "Waits for the run that it started";
  return `Waits${until}`;
}

function progressOf({ fraction, message }: { fraction: number | null; message: string }): string {
  return [fraction === null ? "" : `${Math.round(fraction * 100)} %`, message].filter(Boolean).join(" · ");
}

function countsOf({ counts, undoCounts, total }: Items, done: number): string {
  const parts = [`${done} of ${total} items`];
  if (counts.running) parts.push(`${counts.running} running`);
  if (counts.retrying) parts.push(`${counts.retrying} retrying`);
  if (counts.failed) parts.push(`${counts.failed} failed`);
  const undone = (undoCounts.compensated ?? 0) + (undoCounts.resolved ?? 0);
  const planned = undone + (undoCounts.pending ?? 0) + (undoCounts.running ?? 0) + (undoCounts.failed ?? 0);
  if (planned) parts.push(`${undone} of ${planned} undone`);
  return parts.join(" · ");
}

function failingOf({ failing }: Items): string {
  if (!failing.size) return "";
  const shown = [...failing].slice(0, FAILING_SHOWN_MAX).map((index) => `[${index}]`).join(" ");
  const rest = failing.size - FAILING_SHOWN_MAX;
  return `Failed: ${shown}${rest > 0 ? ` and ${rest} more` : ""}`;
}
