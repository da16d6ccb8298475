/** The kinds of steps, as `designer/document/kinds.py` has them. Pure. */
import type { SlotHolds } from "./vocabulary";
import vocabulary from "./vocabulary.json";

export type Kind = keyof typeof vocabulary.kinds;

type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };
type Values = Readonly<Record<string, Value>>;

/** Sentences with `{field}` in them; the first one whose fields are all stated is used. */
export type Wording = readonly string[];

/** See `StepKind` in Python. */
export interface StepKind {
  readonly fields: readonly string[];
  readonly undo: SlotHolds;
  readonly icon: string;
  readonly noun: string;
  readonly title: string;
  readonly description: string;
  readonly onCanvas: Wording;
  readonly inRun: Wording;
  readonly start: Values;
  readonly callsWorker: boolean;
  readonly startsRun: boolean;
}

export const KINDS = vocabulary.kinds as Readonly<Record<Kind, StepKind>>;
export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];
export const DEFAULT_KIND: Kind = "task";

const PLACE = /\{(\w+)(:number)?\}/g;

export function wordsOf(wording: Wording, values: Values): string {
  const sentence = wording.find((candidate) => [...candidate.matchAll(PLACE)].every(([, key = "", isNumber]) => isStated(values[key], isNumber !== undefined)));
  return (sentence ?? "").replace(PLACE, (_, key: string) => {
    const value = values[key];
    return typeof value === "number" || typeof value === "string" ? String(value) : "";
  });
}

function isStated(value: Value | undefined, isNumber: boolean): boolean {
  return typeof value === "number" || (!isNumber && typeof value === "string" && value !== "");
}
