/** What the server answers to "what if this step fails?", as marks of the canvas and as sentences. Pure. */
import { splitId } from "../model/bodies";

/** The consequences of a failure in one graph. Steps are named by their ids in the whole workflow: `outer/inner`. */
export interface GraphPlan {
  readonly step: string;
  readonly answer: "compensate" | "continue" | "pause" | "pivot";
  readonly order: "sequential" | "parallel";
  readonly undo: readonly { readonly step: string; readonly worker: string | null; readonly place: number; readonly sure: boolean }[];
  readonly remains: readonly { readonly step: string; readonly reason: "irreversible" | "unstated"; readonly sure: boolean }[];
  readonly harmless: readonly { readonly step: string; readonly sure: boolean }[];
  readonly maybe: readonly string[];
  /** The error edges of the step, in the order in which they are tried. */
  readonly catches: readonly Catch[];
  readonly own: string | null;
  /** Completed turns or items of the step itself, which are undone before anything else. */
  readonly earlier: "turns" | "items" | null;
}
export interface WhatIfPlan extends GraphPlan {
  /** What follows for the steps around, the innermost first, as far as the failure reaches. */
  readonly around: readonly OuterPlan[];
}
/** `unless`: why the step may go on although its body has failed. */
export type OuterPlan = GraphPlan & { readonly unless: readonly ("retried" | "tolerated")[] };
export interface Catch {
  readonly to: string;
  /** Patterns of the error codes that it catches; none: all. */
  readonly errors: readonly string[];
  readonly when: string | null;
  readonly leads_to: readonly string[];
}

export type MarkKind = "failing" | "caught" | "undo" | "remains" | "harmless" | "maybe" | "outside";
export interface Mark {
  readonly is: MarkKind;
  /** A few words beside the step's icon: `Undo 2`, `Remains`. */
  readonly text: string;
}
export type WhatIfMarks = ReadonlyMap<string, Mark>;

export const LEGEND: readonly (readonly [kind: MarkKind, icon: string, word: string])[] = [
  ["failing", "cross", "fails"],
  ["caught", "right", "goes on here, where the failure is caught"],
  ["undo", "undo", "is undone, in the order of the numbers"],
  ["remains", "flag", "its effect remains"],
  ["harmless", "none", "has nothing to undo"],
  ["maybe", "wait", "runs beside it: undone where it has completed by then"],
];
export const OUTSIDE: Mark = { is: "outside", text: "" };

export function marksOf(plan: WhatIfPlan): WhatIfMarks {
  return new Map([...[...plan.around].reverse(), plan].flatMap(marksIn));
}

/** The mark of a step; steps within a marked one share its fate. */
export function markAt(marks: WhatIfMarks, step: string): Mark {
  const own = marks.get(step);
  if (own) return own;
  const [path] = splitId(step);
  const around = path ? markAt(marks, path).is : "outside";
  return around === "failing" || around === "outside" ? OUTSIDE : { is: around, text: "" };
}

function marksIn(plan: GraphPlan): readonly (readonly [string, Mark])[] {
  return [
    ...plan.catches.flatMap(({ leads_to }) => leads_to.map((step) => [step, { is: "caught", text: "Goes on" }] as const)),
    ...plan.maybe.map((step) => [step, { is: "maybe", text: "Perhaps" }] as const),
    ...plan.harmless.map(({ step }) => [step, { is: "harmless", text: "Nothing" }] as const),
    ...plan.remains.map(({ step, reason, sure }) => [step, { is: "remains", text: withDoubt(reason === "unstated" ? "Remains: no undo" : "Remains", sure) }] as const),
    ...plan.undo.map(({ step, place, sure }) => [step, { is: "undo", text: withDoubt(`Undo ${place}`, sure) }] as const),
    [plan.step, { is: "failing", text: "Fails" }] as const,
  ];
}

/** Whether a catch fits every failure, so that what is said of failures that nobody catches never happens. */
export function catchesAll(catches: readonly Catch[]): boolean {
  return catches.some(({ errors, when }) => !errors.length && !when);
}

/** What a catch is for. */
export function catchText({ errors, when }: Catch): string {
  return `${errors.length ? `If it fails with ${errors.join(" or ")}` : "If it fails"}${when ? ` and ${when}` : ""}`;
}

/** The first consequence of the step's final failure. */
export function consequenceText({ step, answer, undo, remains, maybe }: GraphPlan): string {
  if (answer === "continue") return `The run goes on without ${step}; nothing is undone.`;
  const undone = undo.length ? `${undo.length} ${undo.length === 1 ? "undo follows" : "undos follow"}, the last step first.` : nothingText(remains.length + maybe.length);
  if (answer === "compensate") return undone;
  const why = answer === "pivot" ? "A point of no return lies before it, so a person is asked." : "A person is asked.";
  return `${why} Should they give up: ${undone}`;
}

/** How a failure gets from a body to the step around it. */
export function reachText({ step, unless }: OuterPlan): string {
  const ways = [unless.includes("retried") && "it is not tried again", unless.includes("tolerated") && "more has failed than it tolerates"].filter(Boolean);
  return `So its body has failed, and ${step} fails too${ways.length ? `, if ${ways.join(" and ")}` : ""}.`;
}

/** What is undone of the failing step itself. */
export function earlierText({ earlier }: GraphPlan): string {
  if (!earlier) return "";
  return earlier === "turns" ? "First its turns that have completed are undone, the last one first." : "First its items that have completed are undone.";
}

function nothingText(others: number): string {
  return others ? "No step before it can be undone." : "There is nothing to undo.";
}

export function reasonText(reason: "irreversible" | "unstated"): string {
  return reason === "irreversible" ? "it cannot be undone" : "nobody has said how it is undone";
}

function withDoubt(text: string, sure: boolean): string {
  return sure ? text : `${text}, if it ran`;
}
