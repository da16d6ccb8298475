/** Reads a run's state from the server's snapshot, with which a page starts when the journal is long. Pure. */
import { asCount, asFailure, asText, isRecord, routesIn } from "./frame";
import { countItem, newItems, newRun, newStep, type Asked, type Item, type Items, type RunState, type StepState } from "./state";

type Fields = Readonly<Record<string, unknown>>;

/** `names` are the steps of the published graph in order; those that were added stand where they were put. */
export function fromSnapshot(names: readonly string[], snapshot: Fields): RunState {
  const steps = new Map(newRun(names).steps);
  for (const [name, step] of Object.entries(isRecord(snapshot.steps) ? snapshot.steps : {})) {
    if (isRecord(step)) steps.set(name, stepOf(name, step));
  }
  return {
    status: asText(snapshot.status) ?? "pending", lastSeq: asCount(snapshot.seq) ?? 0,
    startedAt: asText(snapshot.started_at), finishedAt: asText(snapshot.finished_at), error: asFailure(snapshot.error),
    reason: asText(snapshot.reason), isPaused: snapshot.paused === true,
    asked: new Map(Object.entries(isRecord(snapshot.asked) ? snapshot.asked : {}).map(([name, asked]) => [name, askedOf(asked)])),
    order: [...steps.keys()], steps,
  };
}

function stepOf(name: string, snapshot: Fields): StepState {
  const fresh = newStep(name, asText(snapshot.added_by));
  return {
    ...fresh,
    status: (asText(snapshot.status) as StepState["status"] | null) ?? fresh.status,
    undo: (asText(snapshot.undo) as StepState["undo"] | null) ?? fresh.undo,
    undoPlace: asCount(snapshot.undo_place), direction: asText(snapshot.direction) ?? fresh.direction,
    attempt: asCount(snapshot.attempt) ?? 0, undoAttempt: asCount(snapshot.undo_attempt) ?? 0,
    startedAt: asText(snapshot.started_at), finishedAt: asText(snapshot.finished_at), dueAt: asText(snapshot.due_at),
    waits: isRecord(snapshot.waits) ? snapshot.waits : null, error: asFailure(snapshot.error),
    items: isRecord(snapshot.items) ? itemsOf(snapshot.items) : null, routes: isRecord(snapshot.routes) ? routesIn(snapshot.routes) : null,
  };
}

const askedOf = (asked: unknown): Asked => ({ isUndo: isRecord(asked) && asked.undo === true, isAboutRun: isRecord(asked) && asked.about_run === true });

function itemsOf(snapshot: Fields): Items {
  const undos = new Map(stretches(snapshot.undo).flatMap(([undo, indexes]) => indexes.map((index) => [index, undo] as const)));
  const items = newItems(asCount(snapshot.total) ?? 0);
  for (const [status, indexes] of stretches(snapshot.status)) {
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
