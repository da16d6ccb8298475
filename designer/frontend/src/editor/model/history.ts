/** Undo and redo: exact, since every document of the past is kept as it was. Pure. */
import { applyCommand, type Command } from "./commands";
import type { Document } from "../../graph/model/document";

export const UNDOS_MAX = 500;

export interface History {
  readonly past: readonly Document[];
  readonly present: Document;
  readonly future: readonly Document[];
  /** Topic of the last edit, so that typing in one field is undone as one. */
  readonly topic: string;
}

export function begin(document: Document): History {
  return { past: [], present: document, future: [], topic: "" };
}

export function perform(history: History, command: Command, topic = ""): History {
  const present = applyCommand(history.present, command);
  if (present === history.present) return history;
  const goesOn = topic !== "" && topic === history.topic;
  const past = goesOn ? history.past : [...history.past, history.present].slice(-UNDOS_MAX);
  return { past, present, future: [], topic };
}

export function undo({ past, present, future }: History): History {
  const before = past.at(-1);
  if (!before) return { past, present, future, topic: "" };
  return { past: past.slice(0, -1), present: before, future: [present, ...future], topic: "" };
}

export function redo({ past, present, future }: History): History {
  const [next, ...rest] = future;
  if (!next) return { past, present, future, topic: "" };
  return { past: [...past, present], present: next, future: rest, topic: "" };
}
