/** Three-way merge of two authors' drafts, field by field. Only what both changed differently is a clash. Pure. */
import { memberOf, writeJson } from "../../shared/json";
import { present } from "../../shared/present";
import { edgesByName, idsOf, isObject, same, stepsOf, textOf, writtenLayout, type Document, type Json, type JsonObject } from "../../graph/model/document";

export type Side = "mine" | "theirs";
/** A field that both changed differently. `undefined`: absent. */
export interface Clash {
  readonly key: string;
  readonly subject: string;
  readonly field: string;
  readonly base: Json | undefined;
  readonly mine: Json | undefined;
  readonly theirs: Json | undefined;
}
export interface Merged {
  readonly document: Document;
  readonly clashes: readonly Clash[];
}
type Value = Json | undefined;
type Three = readonly [base: Value, mine: Value, theirs: Value];
type Keyed = ReadonlyMap<string, JsonObject>;

const APART = ["steps", "edges", "layout"];

/** `base` is the document that both began with. `choices` resolves clashes by their keys; an unresolved clash takes mine. */
export function merge(base: Document, mine: Document, theirs: Document, choices: ReadonlyMap<string, Side> = new Map()): Merged {
  const clashes: Clash[] = [];
  const all = [base, mine, theirs] as const;
  const mix = (subject: string, parts: Three): Value => mixed(parts, subject, "", (clash) => {
    clashes.push(clash);
    return choices.get(clash.key) === "theirs" ? clash.theirs : clash.mine;
  });
  const whole = mix("the workflow", [without(base), without(mine), without(theirs)]);
  const steps = listed(all.map(namedSteps), (name, parts) => mix(`step ${name}`, parts));
  const names = new Set(steps.map(({ name }) => textOf(name)));
  const wasThere = new Set(all.flatMap((document) => stepsOf(document).map(({ name }) => textOf(name))));
  const dangles = (end: Value): boolean => wasThere.has(textOf(end)) && !names.has(textOf(end));
  const edges = listed(all.map(edgesByName), (name, parts) => mix(`edge ${name}`, parts)).filter(({ from, to }) => !dangles(from) && !dangles(to));
  const layout = Object.fromEntries(Object.entries({ ...writtenLayout(theirs), ...movedOf(base, mine) }).filter(([name]) => names.has(name)));
  const document = { ...(whole as JsonObject), ...kept("steps", steps), ...kept("edges", edges), ...(Object.keys(layout).length && { layout }) };
  return { document, clashes };
}

/** The merged value; where both changed it differently, what `decide` returns. */
function mixed([base, mine, theirs]: Three, subject: string, field: string, decide: (clash: Clash) => Value): Value {
  if (same(mine, theirs) || same(base, theirs)) return mine;
  if (same(base, mine)) return theirs;
  if (!isObject(mine) || !isObject(theirs)) return decide({ key: `${subject}|${field}`, subject, field, base, mine, theirs });
  const before = isObject(base) ? base : {};
  const keys = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])];
  return Object.fromEntries(keys.flatMap((key): [string, Json][] => {
    const value = mixed([memberOf(before, key), memberOf(mine, key), memberOf(theirs, key)], subject, field ? `${field}.${key}` : key, decide);
    return value === undefined ? [] : [[key, value]];
  }));
}

/** Merges lists by the names of their parts. The order is theirs if only they reordered; else mine, with parts that they added at the end. */
function listed([base, mine, theirs]: readonly Keyed[], mix: (name: string, parts: Three) => Value): JsonObject[] {
  if (!base || !mine || !theirs) return [];
  const order = (of: Keyed): string => writeJson([...of.keys()].filter((key) => base.has(key)));
  const [first, second] = order(mine) === order(base) ? [theirs, mine] : [mine, theirs];
  return [...new Set([...first.keys(), ...second.keys()])].flatMap((name) => {
    const value = mix(name, [base.get(name), mine.get(name), theirs.get(name)]);
    return isObject(value) ? [value] : [];
  });
}

function without(document: Document): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !APART.includes(key)));
}

function namedSteps(document: Document): Keyed {
  const steps = stepsOf(document);
  return new Map(idsOf(steps).map((id, index) => [id, present(steps[index])]));
}

/** Places that mine added or changed. Where both moved a step, mine wins. */
function movedOf(base: Document, mine: Document): JsonObject {
  const before = writtenLayout(base);
  return Object.fromEntries(Object.entries(writtenLayout(mine)).filter(([name, place]) => !same(memberOf(before, name), place)));
}

function kept(key: string, list: readonly JsonObject[]): JsonObject {
  return list.length ? { [key]: list } : {};
}
