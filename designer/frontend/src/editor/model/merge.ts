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

type Graphs = readonly [base: Document, mine: Document, theirs: Document];

const APART = ["steps", "edges", "layout"];
const BODY = ["body"];

/** `base` is the document that both began with. `choices` resolves clashes by their keys; an unresolved clash takes mine. */
export function merge(base: Document, mine: Document, theirs: Document, choices: ReadonlyMap<string, Side> = new Map()): Merged {
  const clashes: Clash[] = [];
  const mix: Mix = (subject, parts) => mixed(parts, subject, "", (clash) => {
    clashes.push(clash);
    return choices.get(clash.key) === "theirs" ? clash.theirs : clash.mine;
  });
  const whole = mix("the workflow", [without(base, APART), without(mine, APART), without(theirs, APART)]);
  return { document: { ...(whole as JsonObject), ...mergedGraph([base, mine, theirs], "", mix) }, clashes };
}

type Mix = (subject: string, parts: Three) => Value;

/** Steps, edges and places of three graphs. `around`: the steps whose bodies they are, as subjects begin. */
function mergedGraph(all: Graphs, around: string, mix: Mix): JsonObject {
  const [base, mine, theirs] = all;
  const steps = listed(all.map(namedSteps), (name, parts) => mergedStep(parts, name, around, mix));
  const names = new Set(steps.map(({ name }) => textOf(name)));
  const wasThere = new Set(all.flatMap((document) => stepsOf(document).map(({ name }) => textOf(name))));
  const dangles = (end: Value): boolean => wasThere.has(textOf(end)) && !names.has(textOf(end));
  const edges = listed(all.map(edgesByName), (name, parts) => mix(`${around}edge ${name}`, parts)).filter(({ from, to }) => !dangles(from) && !dangles(to));
  const layout = Object.fromEntries(Object.entries({ ...writtenLayout(theirs), ...movedOf(base, mine) }).filter(([name]) => names.has(name)));
  return { ...kept("steps", steps), ...kept("edges", edges), ...(Object.keys(layout).length && { layout }) };
}

/** A step that both still have with a body is merged inside it, too. */
function mergedStep(parts: Three, name: string, around: string, mix: Mix): Value {
  const [base, mine, theirs] = parts;
  if (!isObject(mine) || !isObject(theirs) || !isObject(mine.body) || !isObject(theirs.body)) return mix(`${around}step ${name}`, parts);
  const former = isObject(base) && isObject(base.body) ? base.body : {};
  const own = mix(`${around}step ${name}`, [isObject(base) ? without(base, BODY) : base, without(mine, BODY), without(theirs, BODY)]);
  const bodies: Graphs = [former, mine.body, theirs.body];
  const others = mix(`${around}step ${name}`, [without(former, APART), without(mine.body, APART), without(theirs.body, APART)]);
  return { ...(own as JsonObject), body: { ...(others as JsonObject), ...mergedGraph(bodies, `${around}${name} › `, mix) } };
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

function without(object: JsonObject, apart: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !apart.includes(key)));
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
