/** The kinds of steps, as `designer/document/kinds.py` has them. Pure. */
import { isNumber, type Json } from "./json";
import type { SlotHolds } from "./vocabulary";
import vocabulary from "./vocabulary.json";

export type Kind = keyof typeof vocabulary.kinds;

type Values = Readonly<Record<string, Json>>;

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
  const sentence = wording.find((candidate) => [...candidate.matchAll(PLACE)].every(([, key = "", suffix]) => isStated(values[key], suffix !== undefined)));
  return (sentence ?? "").replace(PLACE, (_, key: string) => {
    const value = values[key];
    return isNumber(value) || typeof value === "string" ? String(value) : "";
  });
}

function isStated(value: Json | undefined, needsNumber: boolean): boolean {
  return isNumber(value) || (!needsNumber && typeof value === "string" && value !== "");
}
