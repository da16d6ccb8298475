/**
 * What a run waits for or does, in sentences, and what may be done with it, from its state alone: so a page says
 * it live and at any past moment. Pure. Held to `runs.machine.allowed` by the journals of `tests/contract/random`.
 */
import { duration, short } from "../../shared/time";
import { RUN_ENDED, UNDO_DONE } from "../../shared/vocabulary";
import { asNames, asText } from "./frame";
import type { RunState, StepState } from "./state";

export interface Line {
  readonly about: "end" | "question" | "undo" | "pause" | "approval" | "signal" | "wait" | "retry" | "work";
  /** The step, the item of a map, or the signal that it is about. */
  readonly name: string;
  readonly tone: string;
  readonly text: string;
}

/** The person who looks at the page. */
export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
  readonly isAdmin: boolean;
  readonly mayOperate: boolean;
}

export type UndoWorkerOf = (step: string) => string;

const NAMES_MAX = 3;
const GROUP = "group:";
const MESSAGE_MAX = 300;

/** The most urgent first: what a person is asked, then what is undone, what is waited for, what is worked on. */
export function situationOf(state: RunState, person: Person, undoWorkerOf: UndoWorkerOf): readonly Line[] {
  if (RUN_ENDED.has(state.status)) return [ended(state)];
  const steps = [...state.steps.values()];
  const lines = [...questions(state, undoWorkerOf), ...undoing(state, steps, undoWorkerOf)];
  if (state.isPaused) lines.push(line("pause", "", "hold", "Paused: nothing new starts until somebody resumes it."));
  lines.push(...steps.filter(({ status }) => status === "waiting").flatMap((step) => waiting(step, person)).sort(byUrgency));
  lines.push(...steps.filter(({ status, items }) => status === "retrying" && !items).map(retrying), ...working(steps));
  if (lines.length) return lines;
  return [line("work", "", "idle", state.startedAt ? "Its next step begins." : "It has not begun yet.")];
}

/** Whether an operation that the server offered, such as `cancel` or `approval:boss`, can still be allowed. */
export function mayStill(state: RunState, operation: string): boolean {
  const [what, name] = splitAt(operation);
  const hasEnded = RUN_ENDED.has(state.status);
  const waits = [...state.steps.values()].filter(({ status }) => status === "waiting");
  switch (what) {
    case "approval": return waits.some((step) => step.name === name && step.waits?.for === "approval");
    case "signal": return waits.some((step) => signalsOf(step).includes(name));
    case "question": return state.asked.has(name);
    case "cancel": return !hasEnded && state.reason === null;
    case "pause": return !hasEnded && !state.isPaused && state.startedAt !== null;
    case "resume": return state.isPaused;
    case "rerun":
    case "rollback": return hasEnded;
    default: return !hasEnded;
  }
}

export function signalsOf({ waits }: StepState): readonly string[] {
  return waits?.signal === undefined ? asNames(waits?.signals) : asNames([waits.signal]);
}

const line = (about: Line["about"], name: string, tone: string, text: string): Line => ({ about, name, tone, text });

function splitAt(operation: string): [string, string] {
  const colon = operation.indexOf(":");
  return colon < 0 ? [operation, ""] : [operation.slice(0, colon), operation.slice(colon + 1)];
}

// --- the end ---

function ended(state: RunState): Line {
  const steps = [...state.steps.values()];
  const undone = steps.filter(({ undo }) => UNDO_DONE.has(undo)).length;
  const kept = steps.filter(({ undo }) => undo === "abandoned").map(({ name }) => name);
  const left = kept.length ? ` What ${names(kept)} did was left as it is.` : "";
  switch (state.status) {
    case "completed": return line("end", "", "go", `Completed${took(state)}.`);
    case "compensated": return line("end", "", "back", `${cause(state)} ${undone ? "What was done before has been undone." : "There was nothing to undo."}${left}`);
    case "cancelled": return line("end", "", "idle", `Cancelled. ${undone ? `${count(undone, "step")} undone.` : "Nothing was undone."}${left}`);
    default: return line("end", state.error?.step ?? "", "stop", `${cause(state)}${undone ? ` ${count(undone, "step")} undone.` : ""}${left}`);
  }
}

function took({ startedAt, finishedAt }: RunState): string {
  return startedAt && finishedAt ? ` in ${duration(Date.parse(finishedAt) - Date.parse(startedAt))}` : "";
}

/** Why the run failed or was rolled back, as a sentence. */
function cause({ error, reason, status }: RunState): string {
  if (reason === "cancel") return "Cancelled.";
  if (reason === "rollback") return status === "failed" ? "Rolled back, but not all of it." : "Rolled back by a person.";
  if (error) return error.step ? `Failed at ${error.step}${because(error)}` : `Failed${because(error)}`;
  return reason === "timeout" ? "It took too long." : "Failed.";
}

/** `: message.`, from an error. */
function because(error: { code: string; message: string } | null): string {
  const text = error ? error.message || error.code : "";
  if (!text) return ".";
  const short = text.length > MESSAGE_MAX ? `${text.slice(0, MESSAGE_MAX)}…` : text;
  return `: ${short}${/[.!?…]$/.test(short) ? "" : "."}`;
}

// --- what a person is asked, and what is undone ---

function questions(state: RunState, undoWorkerOf: UndoWorkerOf): Line[] {
  return [...state.asked].map(([name, { isUndo, isAboutRun }]) => {
    const why = because(state.steps.get(name)?.error ?? null);
    if (isAboutRun) return line("question", name, "stop", `${name} was the point of no return. Shall the run be undone?`);
    if (!isUndo) return line("question", name, "stop", `${name} failed${why} A person has to say how it goes on.`);
    return line("question", name, "stop", `${undoText(name, undoWorkerOf)} failed${why}${behind(state, name)}`);
  });
}

function undoText(name: string, undoWorkerOf: UndoWorkerOf): string {
  const worker = undoWorkerOf(name.replace(/\[\d+\]$/, ""));
  return worker ? `${worker}, the undo of ${name},` : `The undo of ${name}`;
}

/** Undos that go on only when the failed one is answered: all that are pending once the run is blocked. */
function behind(state: RunState, name: string): string {
  if (state.status !== "blocked") return "";
  const waits = [...state.steps.values()].filter((step) => step.undo === "pending" && step.name !== name && !step.items);
  const ordered = waits.sort((a, b) => (a.undoPlace ?? 0) - (b.undoPlace ?? 0)).map((step) => step.name);
  if (!ordered.length) return "";
  return ` The undo of ${names(ordered)} ${ordered.length > 1 ? "wait" : "waits"} behind it.`;
}

function undoing(state: RunState, steps: readonly StepState[], undoWorkerOf: UndoWorkerOf): Line[] {
  if (state.status !== "compensating") return [];
  const now = steps.filter(({ undo }) => undo === "running").map(({ name }) => name);
  const later = steps.filter(({ undo }) => undo === "pending").length;
  const then = later ? `${count(later, "more undo")} to come.` : "";
  const is = now.length ? `${now.map((name) => undoText(name, undoWorkerOf)).slice(0, NAMES_MAX).join(" ")} ${now.length > 1 ? "are" : "is"} running.` : "";
  return [line("undo", now[0] ?? "", "back", [cause(state), "What was done is being undone.", is, then].filter(Boolean).join(" "))];
}

// --- what is waited for, and worked on ---

const URGENCY: readonly Line["about"][] = ["approval", "signal", "wait"];
const byUrgency = (a: Line, b: Line): number => URGENCY.indexOf(a.about) - URGENCY.indexOf(b.about);

function waiting(step: StepState, person: Person): Line[] {
  const { name, waits, dueAt } = step;
  const time = dueAt ? short(new Date(dueAt)) : "";
  const until = time && `, until ${time}`;
  if (waits?.for === "approval") return [line("approval", name, "hold", approvalText(step, person) + (time && ` It waits until ${time}.`))];
  const signals = signalsOf(step);
  if (signals.length) return signals.map((signal) => line("signal", signal, "hold", `${name} waits for the signal “${signal}”${until}.`));
  if (waits?.for === "event") return [line("wait", name, "hold", `${name} waits for the event “${asText(waits.event) ?? ""}”${until}.`)];
  if (waits?.for === "any") return [line("wait", name, "hold", `${name} waits for the first of several${until}.`)];
  if (waits?.for === "child") return [line("wait", name, "busy", `${name} waits for the run that it started.`)];
  if (waits?.for === "delay") return [line("wait", name, "hold", `${name} waits before its turn${until}.`)];
  return [line("wait", name, "hold", `${name} waits${until}.`)];
}

function approvalText({ name, waits }: StepState, person: Person): string {
  const asked = Array.isArray(waits?.assignees) ? asNames(waits.assignees) : null;
  const isMine = person.mayOperate && (asked === null || person.isAdmin || asked.includes(person.name) || person.groups.some((group) => asked.includes(GROUP + group)));
  const message = asText(waits?.message);
  const what = message && message !== name ? `: ${message}` : ` of ${name}.`;
  if (isMine) return `Waits for your approval${what}`;
  return `Waits for approval${asked ? ` by ${names(asked)}` : ""}${what}`;
}

function retrying(step: StepState): Line {
  const when = step.dueAt ? ` at ${short(new Date(step.dueAt))}` : "";
  return line("retry", step.name, "care", `${step.name} is tried again${when}${because(step.error)}`);
}

function working(steps: readonly StepState[]): Line[] {
  const running = steps.filter(({ status }) => status === "running").map(({ name }) => name);
  const queued = steps.filter(({ status }) => status === "queued").map(({ name }) => name);
  const texts: [string[], string][] = [[running, "running"], [queued, "queued"]];
  return texts.filter(([of]) => of.length).map(([of, what]) => line("work", of[0] ?? "", "busy", `${names(of)} ${of.length > 1 ? "are" : "is"} ${what}.`));
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, NAMES_MAX);
  const more = all.length - shown.length;
  if (more) return `${shown.join(", ")} and ${more} more`;
  const last = shown.at(-1) ?? "";
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${last}` : last;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
