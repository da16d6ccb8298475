/** The workers that steps may use, and what stands in a step's undo slot. Pure. */
import { DEFAULT_KIND, KIND_NAMES, KINDS, type Kind } from "../../shared/kinds";
import type { JsonNumber } from "../../shared/json";
import type { SlotHolds } from "../../shared/vocabulary";
import { isObject, repeats, startsRuns, textOf, traitsOf, type Document, type Json, type JsonObject, type Step } from "./document";

export interface Worker {
  readonly name: string;
  readonly title: string;
  readonly category: string;
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
}

export interface Slot {
  readonly holds: SlotHolds;
  readonly text: string;
  readonly isOwn: boolean;
}

const BUILT_IN: readonly Block[] = KIND_NAMES.map((kind) => (
  { key: `:${kind}`, kind, title: KINDS[kind].title, group: "Built in", doc: KINDS[kind].description, worker: null }
));

export function catalogOf(workers: readonly Worker[]): Catalog {
  return new Map(workers.map((worker) => [worker.name, worker]));
}

/** Built-in blocks first, then the workers by category, then the patterns. */
export function blocksOf(catalog: Catalog, patterns: readonly Document[] = []): readonly Block[] {
  const workers = [...catalog.values()].map(({ name, title, category, doc }): Block => (
    { key: name, kind: DEFAULT_KIND, title: title || name, group: category || "Other workers", doc, worker: name }
  ));
  const whole = patterns.map((pattern): Block => ({
    key: `:pattern:${textOf(pattern.name)}`, kind: "workflow", title: textOf(pattern.title) || textOf(pattern.name), group: "Patterns, as several steps",
    doc: textOf(pattern.description), worker: null, steps: pattern,
  }));
  return [...BUILT_IN, ...workers.sort((a, b) => a.group.localeCompare(b.group) || a.title.localeCompare(b.title)), ...whole];
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
  const { kind, worker } = block;
  return { ...base, ...(kind !== DEFAULT_KIND && { kind }), ...KINDS[kind].start, ...(worker !== null && { worker }) };
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
  const worker = isObject(value) ? textOf(value.worker) : "";
  return worker ? { holds: "action", text: worker, isOwn } : { ...UNSTATED, isOwn };
}
