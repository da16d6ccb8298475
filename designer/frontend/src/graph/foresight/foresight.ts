/** What the server foresees of a step's failure, as marks on the canvas and as sentences. Pure. */

export interface Foreseen {
  readonly step: string;
  readonly answer: "compensate" | "continue" | "pause" | "pivot";
  readonly order: "sequential" | "parallel";
  readonly undo: readonly { readonly step: string; readonly worker: string | null; readonly place: number; readonly sure: boolean }[];
  readonly remains: readonly { readonly step: string; readonly reason: "irreversible" | "unstated"; readonly sure: boolean }[];
  readonly harmless: readonly { readonly step: string; readonly sure: boolean }[];
  readonly maybe: readonly string[];
  readonly own: string | null;
}

export type MarkKind = "failing" | "undo" | "remains" | "harmless" | "maybe" | "outside";
export interface Mark {
  readonly is: MarkKind;
  /** A few words beside the step's icon: `Undo 2`, `Remains`. */
  readonly text: string;
}
export type Foresight = ReadonlyMap<string, Mark>;

export const LEGEND: readonly (readonly [kind: MarkKind, icon: string, word: string])[] = [
  ["failing", "cross", "fails"],
  ["undo", "undo", "is undone, in the order of the numbers"],
  ["remains", "flag", "its effect remains"],
  ["harmless", "none", "has nothing to undo"],
  ["maybe", "wait", "runs beside it: undone where it has completed by then"],
];
export const OUTSIDE: Mark = { is: "outside", text: "" };

export function marksOf(found: Foreseen): Foresight {
  return new Map<string, Mark>([
    ...found.maybe.map((step) => [step, { is: "maybe", text: "Perhaps" }] as const),
    ...found.harmless.map(({ step }) => [step, { is: "harmless", text: "Nothing" }] as const),
    ...found.remains.map(({ step, reason, sure }) => [step, { is: "remains", text: ifRan(reason === "unstated" ? "Remains: no undo" : "Remains", sure) }] as const),
    ...found.undo.map(({ step, place, sure }) => [step, { is: "undo", text: ifRan(`Undo ${place}`, sure) }] as const),
    [found.step, { is: "failing", text: "Fails" }] as const,
  ]);
}

/** What happens first when the step has failed for good. */
export function beginsWith({ step, answer, undo, remains, maybe }: Foreseen): string {
  if (answer === "continue") return `The run goes on without ${step}; nothing is undone.`;
  const undone = undo.length ? `${undo.length} ${undo.length === 1 ? "undo follows" : "undos follow"}, the last step first.` : nothing(remains.length + maybe.length);
  if (answer === "compensate") return undone;
  const why = answer === "pivot" ? "A point of no return lies before it, so a person is asked." : "A person is asked.";
  return `${why} Should they give up: ${undone}`;
}

function nothing(others: number): string {
  return others ? "No step before it can be undone." : "There is nothing to undo.";
}

export function reasonOf(reason: "irreversible" | "unstated"): string {
  return reason === "irreversible" ? "it cannot be undone" : "nobody has said how it is undone";
}

function ifRan(text: string, sure: boolean): string {
  return sure ? text : `${text}, if it ran`;
}
