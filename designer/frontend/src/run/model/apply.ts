/**
 * The effect of each journal entry on the state of a run. Pure: state and frame in, next state out.
 * Mirrors `runs.machine.apply`; both are held to the journals of `tests/contract/journals`.
 */
import { asCount, asFailure, asNames, asText, routesIn, type Frame } from "./frame";
import { countItem, newItems, newStep, type Asked, type Item, type Items, type RunState, type StepState, type UndoStatus } from "./state";

export class Gap extends Error {}

export function applyFrame(state: RunState, frame: Frame): RunState {
  return applyFrames(state, [frame]);
}

/** Frames that were applied before are ignored; a missing one is a `Gap`. */
export function applyFrames(state: RunState, frames: readonly Frame[]): RunState {
  const draft = new Draft(state);
  for (const frame of frames) {
    if (frame.seq <= draft.lastSeq) continue;
    if (frame.seq > draft.lastSeq + 1) throw new Gap(`entry ${draft.lastSeq + 1} is missing`);
    draft.lastSeq = frame.seq;
    draft.status = frame.status || draft.status;
    EFFECTS[frame.type]?.(draft, frame);
  }
  return draft.done();
}

/** A copy of a state that a batch of frames may write to; untouched steps are shared. */
class Draft {
  lastSeq: number;
  status: string;
  startedAt: string | null;
  finishedAt: string | null;
  error: RunState["error"];
  reason: string | null;
  isPaused: boolean;
  private asked: ReadonlyMap<string, Asked>;
  private order: readonly string[];
  private readonly steps: Map<string, StepState>;
  private readonly owned = new Set<Items>();

  constructor(private readonly before: RunState) {
    ({ lastSeq: this.lastSeq, status: this.status, startedAt: this.startedAt } = before);
    ({ finishedAt: this.finishedAt, error: this.error, order: this.order } = before);
    ({ reason: this.reason, isPaused: this.isPaused, asked: this.asked } = before);
    this.steps = new Map(before.steps);
  }

  done(): RunState {
    if (this.lastSeq === this.before.lastSeq) return this.before;
    const { lastSeq, status, startedAt, finishedAt, error, reason, isPaused, asked, order, steps } = this;
    return { lastSeq, status, startedAt, finishedAt, error, reason, isPaused, asked, order, steps };
  }

  ask(name: string, asked: Asked): void {
    this.asked = new Map(this.asked).set(name, asked);
  }

  /** The question at a step or an item is answered, or what it asked about has ended. */
  answer(name: string): void {
    if (this.asked.has(name)) this.asked = new Map([...this.asked].filter(([other]) => other !== name));
  }

  step(name: string): StepState {
    const known = this.steps.get(name);
    if (known) return known;
    this.order = [...this.order, name];
    const step = newStep(name);
    this.steps.set(name, step);
    return step;
  }

  change(name: string, fields: Partial<StepState>): void {
    this.steps.set(name, { ...this.step(name), ...fields });
  }

  add(names: readonly string[], after: string): void {
    const fresh = names.filter((name) => !this.steps.has(name));
    for (const name of fresh) this.steps.set(name, newStep(name, after));
    const place = this.order.indexOf(after) + 1;
    this.order = [...this.order.slice(0, place), ...fresh, ...this.order.slice(place)];
  }

  startMap(name: string, total: number, queued: number): void {
    const items = newItems(total);
    this.owned.add(items);
    this.change(name, { items });
    for (let index = 0; index < queued; index += 1) this.changeItem({ map: name, index }, { status: "queued" });
  }

  changeItem({ map, index }: ItemName, fields: Partial<Item>): void {
    const items = this.writableItems(map);
    const before = items.byIndex.get(index);
    countItem(items, index, { status: "pending", undo: "none", ...before, ...fields });
    this.change(map, { items, undo: undoOfItems(items) });
  }

  /** Another turn of a loop has begun: it has as many items as turns. */
  addTurn({ map, index }: ItemName): void {
    const items = this.writableItems(map);
    items.total = Math.max(items.total, index + 1);
    this.change(map, { items });
  }

  private writableItems(map: string): Items {
    const items = this.step(map).items;
    if (items && this.owned.has(items)) return items;
    const copy: Items = {
      total: items?.total ?? 0,
      byIndex: new Map(items?.byIndex),
      counts: { ...items?.counts },
      undoCounts: { ...items?.undoCounts },
      failing: new Set(items?.failing),
    };
    this.owned.add(copy);
    return copy;
  }
}

interface ItemName {
  map: string;
  index: number;
}

export function itemName(name: string): ItemName | null {
  const match = /^(.+)\[(\d+)\]$/.exec(name);
  return match ? { map: match[1] ?? "", index: Number(match[2]) } : null;
}

/** The undo of a map step is that of its items; one that was abandoned marks the whole. */
function undoOfItems({ undoCounts }: Items): UndoStatus {
  if (undoCounts.abandoned) return "abandoned";
  const left = (undoCounts.pending ?? 0) + (undoCounts.running ?? 0) + (undoCounts.failed ?? 0);
  if (left) return "pending";
  return undoCounts.compensated || undoCounts.resolved ? "compensated" : "none";
}

/** Changes a step, or the count of one item of a map step. */
function change(draft: Draft, name: string, fields: Partial<StepState>): void {
  const item = itemName(name);
  if (!item) return draft.change(name, fields);
  const { status, undo } = fields;
  draft.changeItem(item, { ...(status && { status }), ...(undo && { undo }) });
}

/** Counts the turn that an entry begins, if it begins one. */
function enter(draft: Draft, { step, data }: Frame): void {
  const item = data.item === "turn" ? itemName(step) : null;
  if (item) draft.addTurn(item);
}

function cancel(draft: Draft, names: unknown, at: string): void {
  for (const name of asNames(names)) {
    change(draft, name, { status: "cancelled", dueAt: null, waits: null, finishedAt: at });
  }
}

/** Plans undos. Places in the line count steps: the items of a map are undone as one. */
function plan(draft: Draft, names: readonly string[]): void {
  for (const name of names) change(draft, name, PLANNED);
  const steps = new Set(names.map((name) => itemName(name)?.map ?? name));
  [...steps].forEach((name, place) => draft.change(name, { undoPlace: place + 1 }));
}

const PLANNED = { undo: "pending", dueAt: null, direction: "undo" } as const;

/** How an undo ended: `none` where there was no effect, `abandoned` where a child run left something. */
const asEndedUndo = (value: unknown): UndoStatus =>
  value === "none" || value === "resolved" || value === "abandoned" ? value : "compensated";

type Effect = (draft: Draft, frame: Frame) => void;

const end: Effect = (draft, { at, data }) => {
  draft.finishedAt = at;
  draft.isPaused = false;
  draft.error = "error" in data ? asFailure(data.error) : draft.error;
  cancel(draft, data.cancelled, at);
  for (const name of asNames(data.abandoned)) change(draft, name, { undo: "abandoned", dueAt: null });
};

const endStep = (draft: Draft, frame: Frame, fields: Partial<StepState>): void => {
  const { step, at, data } = frame;
  const isDecided = !itemName(step) && ("taken" in data || "dead" in data);
  change(draft, step, { dueAt: null, waits: null, progress: null, finishedAt: at, ...(isDecided && { routes: routesIn(data) }), ...fields });
  draft.answer(step);
  if ("undo" in data) change(draft, step, PLANNED);
};

/** What the entry of a step says that an earlier run did. */
const takenOver = ({ attempt, data }: Frame, undo: UndoStatus = "taken_over"): Partial<StepState> => ("taken_over" in data ? { undo, attempt } : {});

/** The error that the entry carries; without one, the step keeps its own. */
const errorIn = (data: Frame["data"]): Partial<StepState> => ("error" in data ? { error: asFailure(data.error) } : {});

const firstStart = (draft: Draft, { step, at }: Frame): string | null =>
  itemName(step) ? null : (draft.step(step).startedAt ?? at);

const EFFECTS: Record<string, Effect> = {
  "run.started": (draft, { at }) => {
    draft.startedAt = at;
  },
  "run.compensating": (draft, { at, data }) => {
    draft.finishedAt = null;
    draft.error = asFailure(data.error);
    draft.reason = asText(data.reason);
    cancel(draft, data.cancelled, at);
    plan(draft, asNames(data.plan));
  },
  "run.paused": (draft) => {
    draft.isPaused = true;
  },
  "run.unpaused": (draft) => {
    draft.isPaused = false;
  },
  "run.completed": end,
  "run.compensated": end,
  "run.failed": end,
  "run.cancelled": end,

  "step.queued": (draft, frame) => {
    const { step, data } = frame;
    enter(draft, frame);
    change(draft, step, {
      status: "queued", direction: asText(data.direction) ?? "forward", dueAt: null, waits: null, ...errorIn(data),
    });
  },
  "step.started": (draft, frame) => {
    const { step, attempt, data } = frame;
    const total = asCount(data.items);
    if (total !== null) draft.startMap(step, total, asCount(data.queued) ?? 0);
    const startedAt = total === null ? firstStart(draft, frame) : frame.at;
    if (total !== null || "again" in data) return change(draft, step, { status: "running", startedAt });
    const isAsked = data.direction === "verify";
    change(draft, step, { status: "running", attempt, startedAt, dueAt: null, ...(!isAsked && { error: null }) });
  },
  "step.progress": (draft, { step, data }) =>
    change(draft, step, { progress: { fraction: asCount(data.fraction), message: asText(data.message) ?? "" } }),
  "step.waiting": (draft, frame) => {
    enter(draft, frame);
    change(draft, frame.step, {
      status: "waiting", attempt: frame.attempt, startedAt: firstStart(draft, frame), waits: frame.data,
      dueAt: asText(frame.data.until),
    });
  },
  "step.brought_forward": (draft, { step, at }) => change(draft, step, { dueAt: at }),
  "step.enough": (draft, { at, data }) => cancel(draft, data.cancelled, at),
  "step.retry_scheduled": (draft, { step, data }) =>
    change(draft, step, {
      status: "retrying", waits: null, dueAt: asText(data.due_at), error: asFailure(data.error), progress: null,
      direction: asText(data.direction) ?? "forward",
    }),
  "step.fallback_started": (draft, { step, data }) =>
    change(draft, step, { status: "queued", direction: "fallback", dueAt: null, error: asFailure(data.error) }),
  "step.completed": (draft, frame) => {
    endStep(draft, frame, { status: "completed", error: null, ...takenOver(frame) });
    cancel(draft, frame.data.cancelled, frame.at);
  },
  "step.skipped": (draft, frame) => endStep(draft, frame, { status: "skipped", ...takenOver(frame, "none") }),
  "step.failed": (draft, frame) => {
    endStep(draft, frame, { status: "failed", error: asFailure(frame.data.error), ...takenOver(frame, "none") });
    cancel(draft, frame.data.cancelled, frame.at);
  },
  "step.expanded": (draft, { step, data }) => draft.add(asNames(data.steps), step),

  "compensation.started": (draft, { step, attempt, data }) =>
    change(draft, step, { undo: "running", undoAttempt: attempt, dueAt: null, direction: asText(data.direction) ?? "undo" }),
  "compensation.retry_scheduled": (draft, { step, data }) =>
    change(draft, step, {
      undo: "pending", dueAt: asText(data.due_at), direction: asText(data.direction) ?? "undo",
      ...errorIn(data),
    }),
  "compensation.completed": (draft, { step, data }) => {
    change(draft, step, { undo: asEndedUndo(data.undo), dueAt: null });
    draft.answer(step);
  },
  "compensation.failed": (draft, { step, data }) =>
    change(draft, step, { undo: "failed", dueAt: null, error: asFailure(data.error) }),

  "intervention.opened": (draft, { step, data }) => {
    draft.ask(step, { isUndo: data.kind === "compensation_failed", isAboutRun: Boolean(data.about) });
    if (data.about) return; // it asks about the run as a whole, at a completed step
    if (data.ended) change(draft, step, { error: asFailure(data.error) });
    else if (data.kind === "step_failed") change(draft, step, { status: "blocked", finishedAt: null });
  },
  "intervention.answered": (draft, { step, data }) => {
    draft.answer(step);
    const isAbandoned = data.kind === "compensation_failed" && data.answer === "abandon";
    if (isAbandoned) change(draft, step, { undo: "abandoned", dueAt: null });
  },
};
