/** The workers that steps may use, and what stands in a step's undo slot. Pure. */
import { DEFAULT_KIND, KINDS, type Kind } from "../../shared/kinds";
import type { JsonNumber } from "../../shared/json";
import type { SlotHolds } from "../../shared/vocabulary";
import { isObject, repeats, startsRuns, textOf, traitsOf, type Document, type Json, type JsonObject, type Step } from "./document";

export interface Worker {
  readonly name: string;
  readonly title: string;
  readonly category: string;
  /** Whether it comes with the product. */
  readonly is_ready_made?: boolean;
  readonly doc: string;
  readonly params_schema: JsonObject | null;
  readonly compensation: string | null;
  readonly timeout: JsonNumber | null;
  readonly retry: JsonObject | null;
}
export type Catalog = ReadonlyMap<string, Worker>;

export interface Block {
  readonly key: string;
  readonly kind: Kind;
  readonly title: string;
  readonly group: string;
  readonly doc: string;
  readonly worker: string | null;
  /** A pattern brings several steps. */
  readonly steps?: Document;
  /** What a step of it is named, and has besides its worker. */
  readonly name?: string;
  readonly fields?: JsonObject;
}

export interface Slot {
  readonly holds: SlotHolds;
  readonly text: string;
  readonly isOwn: boolean;
}

const FIRST = "Steps";
const HTTP = "http_request";
/** The kinds in the order in which they are offered; `task` is last, as every worker is a block of its own. */
const OFFERED: readonly (Kind | "http" | "choice" | "try")[] = ["http", "set", "choice", "map", "loop", "try", "wait", "approval", "workflow", "group", "fail", "task"];

const set = (name: string, title: string): Step => ({ name, kind: "set", title, values: {} });

/** Several steps that make up one idea. */
const CONSTRUCTS: Readonly<Record<"choice" | "try", Block>> = {
  choice: {
    key: ":choice", kind: "set", title: "Choice", group: FIRST, worker: null, doc: "One of two ways, by a condition.",
    steps: {
      steps: [set("choice", "Choice"), set("if_so", "If so"), set("if_not", "Otherwise")],
      edges: [{ from: "choice", to: "if_so", when: "context.amount > 100" }, { from: "choice", to: "if_not", otherwise: true }],
    },
  },
  try: {
    key: ":try", kind: "group", title: "Try", group: FIRST, worker: null, doc: "Steps that are undone together, and another way if they fail.",
    steps: {
      steps: [{ name: "try", kind: "group", title: "Try", body: { steps: [set("first", "First step")], edges: [] } }, set("if_it_fails", "If it fails")],
      edges: [{ from: "try", to: "if_it_fails", on: "failed" }],
    },
  },
};

function offered(catalog: Catalog): readonly Block[] {
  return OFFERED.flatMap((name): readonly Block[] => {
    if (name === "choice" || name === "try") return [CONSTRUCTS[name]];
    if (name !== "http") return [{ key: `:${name}`, kind: name, title: KINDS[name].title, group: FIRST, doc: KINDS[name].description, worker: null }];
    const worker = catalog.get(HTTP);
    return worker ? [{ key: HTTP, kind: DEFAULT_KIND, title: "HTTP call", group: FIRST, doc: worker.doc, worker: HTTP }] : [];
  });
}

export function catalogOf(workers: readonly Worker[]): Catalog {
  return new Map(workers.map((worker) => [worker.name, worker]));
}

/** Built-in blocks first, then one's own workers, ready-made ones, and examples (`Examples/Shop`) and patterns last. */
export function blocksOf(catalog: Catalog, patterns: readonly Document[] = []): readonly Block[] {
  const rank = ({ category, is_ready_made: isReadyMade }: Worker): number => (category.includes("/") ? 2 : isReadyMade ? 1 : 0);
  const workers = [...catalog.values()].filter(({ name }) => name !== HTTP).sort((a, b) => (
    rank(a) - rank(b) || groupOf(a).localeCompare(groupOf(b)) || titleOf(a).localeCompare(titleOf(b))
  ));
  const whole = patterns.map((pattern): Block => ({
    key: `:pattern:${textOf(pattern.name)}`, kind: "workflow", title: textOf(pattern.title) || textOf(pattern.name), group: "Examples/Patterns, as several steps",
    doc: textOf(pattern.description), worker: null, steps: pattern,
  }));
  return [...offered(catalog), ...workers.map(blockOfWorker), ...whole];
}

const groupOf = ({ category }: Worker): string => category || "Other workers";

const titleOf = ({ title, name }: Worker): string => title || name;

function blockOfWorker(worker: Worker): Block {
  return { key: worker.name, kind: DEFAULT_KIND, title: titleOf(worker), group: groupOf(worker), doc: worker.doc, worker: worker.name };
}

/** The headings of blocks in their order: `fold` is the heading that they are folded under, empty for none. */
export interface Headings {
  readonly fold: string;
  readonly groups: readonly (readonly [string, readonly Block[]])[];
}

export function headingsOf(blocks: readonly Block[]): readonly Headings[] {
  const folds = new Map<string, Map<string, Block[]>>();
  for (const block of blocks) {
    const slash = block.group.indexOf("/");
    const [fold, group] = [block.group.slice(0, Math.max(slash, 0)), block.group.slice(slash + 1)];
    const groups = folds.get(fold) ?? new Map<string, Block[]>();
    folds.set(fold, groups.set(group, [...(groups.get(group) ?? []), block]));
  }
  return [...folds].map(([fold, groups]) => ({ fold, groups: [...groups] }));
}

/** Every word must stand in the block's title, name, group or description; those with all in the title come first. */
export function search(blocks: readonly Block[], text: string): readonly Block[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ title, key }: Block): number => words.filter((word) => !`${title} ${key}`.toLowerCase().includes(word)).length;
  const matches = blocks.filter((block) => {
    const all = `${block.title} ${block.key} ${block.group} ${block.doc}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  return words.length ? [...matches].sort((a, b) => rank(a) - rank(b)) : matches;
}

/** A new step of a block; `name` must be free. */
export function stepOf(block: Block, name: string): Step {
  const base = { name, title: block.title };
  const { kind, worker, fields } = block;
  return { ...base, ...(kind !== DEFAULT_KIND && { kind }), ...KINDS[kind].start, ...(worker !== null && { worker }), ...fields };
}

/** What a step of a block is named, if that is free. */
export function nameOf({ name, worker, kind }: Block): string {
  return name ?? worker ?? kind;
}

const MEANT_BY_KIND: Readonly<Record<Exclude<SlotHolds, "unstated">, string>> = {
  action: "rolls its run back", none: "nothing to undo", irreversible: "irreversible",
};
const UNSTATED: Slot = { holds: "unstated", text: "no undo", isOwn: false };

/** The undo slot as the step states it, or else its kind, or else its worker's decorator. */
export function slotOf(step: Step, catalog: Catalog): Slot {
  const slot = slotOfOne(step, catalog);
  return slot.holds === "action" && repeats(step) ? { ...slot, text: `${slot.text}, each turn` } : slot;
}

function slotOfOne(step: Step, catalog: Catalog): Slot {
  const { undo } = traitsOf(step);
  const own = step.compensation ?? null;
  if (own !== null) return slotFrom(own, true);
  if (startsRuns(step)) return step.detached === true ? UNSTATED : { holds: "action", text: MEANT_BY_KIND.action, isOwn: false };
  if (undo !== "unstated") return { holds: undo, text: MEANT_BY_KIND[undo], isOwn: false };
  const default_ = catalog.get(textOf(step.worker))?.compensation ?? null;
  if (default_ === null) return UNSTATED;
  return slotFrom(default_ === "none" || default_ === "irreversible" ? default_ : { worker: default_ }, false);
}

function slotFrom(value: Json, isOwn: boolean): Slot {
  if (value === "none") return { holds: "none", text: "nothing to undo", isOwn };
  if (value === "irreversible") return { holds: "irreversible", text: "irreversible", isOwn };
  if (isObject(value) && value.rollback === true) return { holds: "action", text: "rolls that run back", isOwn };
  const worker = isObject(value) ? textOf(value.worker) : textOf(value);
  return worker ? { holds: "action", text: worker, isOwn } : { ...UNSTATED, isOwn };
}
