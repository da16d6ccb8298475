/** The state of a run on a page. Values only; `apply` alone makes new ones. */
import type { Routes } from "../../graph/model/ways";
import type { StepStatus, UndoStatus } from "../../shared/vocabulary";
import type { Failure } from "./frame";

export type { StepStatus, UndoStatus };

export interface Progress {
  fraction: number | null;
  message: string;
}

export interface Item {
  readonly status: StepStatus;
  readonly undo: UndoStatus;
}

/** The items of a map step, counted; `failing` holds the indexes of the failed ones. */
export interface Items {
  total: number;
  byIndex: Map<number, Item>;
  counts: Partial<Record<StepStatus, number>>;
  undoCounts: Partial<Record<UndoStatus, number>>;
  failing: Set<number>;
}

/** What a person is asked at a step: about its undo or about going on; or whether the run as a whole is undone. */
export interface Asked {
  readonly isUndo: boolean;
  readonly isAboutRun: boolean;
}

export interface StepState {
  readonly name: string;
  readonly addedBy: string | null;
  readonly status: StepStatus;
  readonly undo: UndoStatus;
  readonly undoPlace: number | null;
  readonly direction: string;
  readonly attempt: number;
  readonly undoAttempt: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly dueAt: string | null;
  readonly waits: Readonly<Record<string, unknown>> | null;
  readonly error: Failure | null;
  readonly progress: Progress | null;
  readonly items: Items | null;
  /** Null until its edges are decided. */
  readonly routes: Routes | null;
}

export interface RunState {
  readonly status: string;
  readonly lastSeq: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error: Failure | null;
  /** Why the rollback began: `failure`, `cancel`, `timeout` or `rollback`. */
  readonly reason: string | null;
  readonly isPaused: boolean;
  /** Open questions to a person, by step or item of a map. */
  readonly asked: ReadonlyMap<string, Asked>;
  readonly order: readonly string[];
  readonly steps: ReadonlyMap<string, StepState>;
}

export function newStep(name: string, addedBy: string | null = null): StepState {
  return {
    name, addedBy, status: "pending", undo: "none", undoPlace: null, direction: "forward", attempt: 0,
    undoAttempt: 0, startedAt: null, finishedAt: null, dueAt: null, waits: null, error: null, progress: null,
    items: null, routes: null,
  };
}

export function newItems(total: number): Items {
  return { total, byIndex: new Map(), counts: {}, undoCounts: {}, failing: new Set() };
}

/** Writes one item and keeps the counts. */
export function countItem(items: Items, index: number, after: Item): void {
  const before = items.byIndex.get(index);
  items.byIndex.set(index, after);
  count(items.counts, before?.status, after.status);
  count(items.undoCounts, before?.undo, after.undo);
  if (after.status === "failed") items.failing.add(index);
  else items.failing.delete(index);
}

function count<Key extends string>(counts: Partial<Record<Key, number>>, before: Key | undefined, after: Key): void {
  if (before === after) return;
  const left = before ? (counts[before] ?? 1) - 1 : 0;
  if (before && left) counts[before] = left;
  else if (before) Reflect.deleteProperty(counts, before);
  counts[after] = (counts[after] ?? 0) + 1;
}

/** A run before its first journal entry; `names` are its steps in topological order. */
export function newRun(names: readonly string[]): RunState {
  return {
    status: "pending", lastSeq: 0, startedAt: null, finishedAt: null, error: null, reason: null, isPaused: false,
    asked: new Map(), order: [...names],
    steps: new Map(names.map((name) => [name, newStep(name)])),
  };
}
