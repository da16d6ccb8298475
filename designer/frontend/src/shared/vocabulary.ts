/**
 * Statuses, words, limits and defaults as the server says them. `vocabulary.json` is generated from Python by
 * `manage.py write_vocabulary`; nothing of it is written by hand.
 */
import data from "./vocabulary.json";

export type RunStatus = keyof typeof data.looks.run;
export type StepStatus = Exclude<keyof typeof data.looks.step, "unreached">;
export type UndoStatus = "none" | keyof typeof data.looks.undo;
/** What an undo slot holds. */
export type SlotHolds = keyof typeof data.looks.slot;
export type Family = keyof typeof data.looks;

export interface Look {
  readonly word: string;
  readonly icon: string;
  readonly tone: string;
  /** The attribute that makes the icon move, or nothing. */
  readonly moves: string;
}
type Looks<Name extends string> = Readonly<Record<Name, Look>>;

export const STEP_LOOKS: Looks<StepStatus | "unreached"> = data.looks.step;
export const SLOT_LOOKS: Looks<SlotHolds> = data.looks.slot;

const FAMILIES: Readonly<Record<Family, Readonly<Record<string, Look>>>> = data.looks;

/** The look of a status; none for what no badge shows, such as an undo that nobody plans. */
export function lookOf(family: Family, status: string): Look | undefined {
  const looks = FAMILIES[family];
  return Object.hasOwn(looks, status) ? looks[status] : undefined;
}

/** A run in one of these goes no further by itself. */
export const RUN_ENDED: ReadonlySet<string> = new Set(data.sets.run_ended);
export const STEP_ENDED: ReadonlySet<string> = new Set(data.sets.step_ended);
/** What a step did is undone, by its worker or by hand. */
export const UNDO_DONE: ReadonlySet<string> = new Set(data.sets.undo_done);

export const LIMITS: Readonly<typeof data.limits> = data.limits;
export const DEFAULTS: Readonly<typeof data.defaults> = data.defaults;
