/** Texts about a step beside its badges. Pure. */
import { duration, short } from "../../shared/time";
import { UNDO_DONE } from "../../shared/vocabulary";
import { asText } from "./frame";
import type { Items, StepState } from "./state";

const FAILING_SHOWN_MAX = 20;

/** A few words for the canvas. */
export function noteOf(step: StepState): string {
  const { items, progress, status, attempt, addedBy } = step;
  const parts: string[] = [];
  if (items) parts.push(`${doneOf(items)} of ${items.total}${items.failing.size ? `, ${items.failing.size} failed` : ""}`);
  else if (status === "running" && progress && progress.fraction !== null) parts.push(`${Math.round(progress.fraction * 100)} %`);
  if (status === "waiting") parts.push(waitsShort(step));
  if (!items && attempt > 1) parts.push(`attempt ${attempt}`);
  if (addedBy) parts.push(`added by ${addedBy}`);
  return parts.filter(Boolean).join(" · ");
}

function waitsShort({ waits }: StepState): string {
  if (waits?.for === "signal") return `for signal ${String(waits.signal)}`;
  if (waits?.for === "event") return `for event ${String(waits.event)}`;
  if (waits?.for === "any") return "for the first of several";
  if (waits?.for === "approval") return "for approval";
  if (waits?.for === "delay") return "before its turn";
  return waits?.for === "child" ? "for its run" : "";
}

/** The error that still counts: an undo that failed and then succeeded is over. */
export function errorOf({ error, status, undo }: StepState): string {
  const isOver = status === "completed" && UNDO_DONE.has(undo);
  return error && !isOver ? [error.code, error.message].filter(Boolean).join(": ") : "";
}

export function attempts({ attempt, undoAttempt }: StepState): string {
  const forward = attempt > 1 ? `${attempt} attempts` : "";
  const undo = undoAttempt > 1 ? `${undoAttempt} undo attempts` : "";
  return [forward, undo].filter(Boolean).join(", ");
}

export function detail(step: StepState, now: number): string {
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

export function waitsFor({ waits, dueAt }: Pick<StepState, "waits" | "dueAt">): string {
  const until = dueAt ? ` until ${short(new Date(dueAt))}` : "";
  if (waits?.for === "signal") return `Waits for the signal “${String(waits.signal)}”${until}`;
  if (waits?.for === "event") return `Waits for the event “${String(waits.event)}”${until}`;
  if (waits?.for === "any") return `Waits for the first of several${until}`;
  if (waits?.for === "approval") return `Waits for approval${until}${asText(waits.message) ? `: ${asText(waits.message)}` : ""}`;
  if (waits?.for === "delay") return `Waits before its turn${until}`;
  if (waits?.for === "child") return "Waits for the run that it started";
  return `Waits${until}`;
}

function progressOf({ fraction, message }: { fraction: number | null; message: string }): string {
  return [fraction === null ? "" : `${Math.round(fraction * 100)} %`, message].filter(Boolean).join(" · ");
}

/** Items that have ended, whatever came of them. */
export function doneOf({ counts }: Items): number {
  return (counts.completed ?? 0) + (counts.failed ?? 0) + (counts.cancelled ?? 0);
}

export function countsOf(items: Items): string {
  const { counts, undoCounts, total } = items;
  const parts = [`${doneOf(items)} of ${total} items`];
  if (counts.running) parts.push(`${counts.running} running`);
  if (counts.retrying) parts.push(`${counts.retrying} retrying`);
  if (counts.failed) parts.push(`${counts.failed} failed`);
  const undone = (undoCounts.compensated ?? 0) + (undoCounts.resolved ?? 0);
  const planned = undone + (undoCounts.pending ?? 0) + (undoCounts.running ?? 0) + (undoCounts.failed ?? 0);
  if (planned) parts.push(`${undone} of ${planned} undone`);
  return parts.join(" · ");
}

export function failingOf({ failing }: Items): string {
  if (!failing.size) return "";
  const shown = [...failing].slice(0, FAILING_SHOWN_MAX).map((index) => `[${index}]`).join(" ");
  const rest = failing.size - FAILING_SHOWN_MAX;
  return `Failed: ${shown}${rest > 0 ? ` and ${rest} more` : ""}`;
}
