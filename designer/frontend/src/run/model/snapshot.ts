/** A run's state as the server tells it (`runs.snapshot`): where a page starts whose journal is long. Pure. */
import { asCount, asFailure, asText, isRecord } from "./frame";
import { countItem, newItems, newRun, newStep, type Item, type Items, type RunState, type StepState } from "./state";

type Record = Readonly<{ [key: string]: unknown }>;

/** `names` are the steps of the published graph in order; those that were added stand where they were put. */
export function fromSnapshot(names: readonly string[], told: Record): RunState {
  const steps = new Map(newRun(names).steps);
  for (const [name, step] of Object.entries(isRecord(told.steps) ? told.steps : {})) {
    if (isRecord(step)) steps.set(name, stepOf(name, step));
  }
  return {
    status: asText(told.status) ?? "pending", lastSeq: asCount(told.seq) ?? 0,
    startedAt: asText(told.started_at), finishedAt: asText(told.finished_at), error: asFailure(told.error),
    order: [...steps.keys()], steps,
  };
}

function stepOf(name: string, told: Record): StepState {
  const fresh = newStep(name, asText(told.added_by));
  return {
    ...fresh,
    status: (asText(told.status) as StepState["status"] | null) ?? fresh.status,
    undo: (asText(told.undo) as StepState["undo"] | null) ?? fresh.undo,
    undoPlace: asCount(told.undo_place), direction: asText(told.direction) ?? fresh.direction,
    attempt: asCount(told.attempt) ?? 0, undoAttempt: asCount(told.undo_attempt) ?? 0,
    startedAt: asText(told.started_at), finishedAt: asText(told.finished_at), dueAt: asText(told.due_at),
    waits: isRecord(told.waits) ? told.waits : null, error: asFailure(told.error),
    items: isRecord(told.items) ? itemsOf(told.items) : null,
  };
}

function itemsOf(told: Record): Items {
  const undos = new Map(stretches(told.undo).flatMap(([undo, indexes]) => indexes.map((index) => [index, undo] as const)));
  const items = newItems(asCount(told.total) ?? 0);
  for (const [status, indexes] of stretches(told.status)) {
    for (const index of indexes) {
      countItem(items, index, { status, undo: undos.get(index) ?? "none" } as Item);
    }
  }
  return items;
}

/** `[status, first, last]` as a status and all indexes that have it. */
function stretches(value: unknown): [string, number[]][] {
  const list: unknown[] = Array.isArray(value) ? value : [];
  return list.flatMap((part): [string, number[]][] => {
    if (!Array.isArray(part)) return [];
    const [status, first, last] = part as [string, number, number];
    return [[status, Array.from({ length: last - first + 1 }, (_, place) => first + place)]];
  });
}
