/** What differs between two documents: steps added, removed and changed, field by field. Pure. */
import { memberOf } from "../../shared/json";
import { present } from "../../shared/present";
import { edgesByName, idsOf, isObject, same, stepsOf, type Document, type Json, type JsonObject } from "../../graph/model/document";

export interface Difference {
  readonly what: "added" | "removed" | "changed";
  readonly subject: string;
  readonly fields: readonly FieldChange[];
}
/** `undefined`: not stated. */
export interface FieldChange {
  readonly field: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** From `before` to `after`. Places on the canvas do not count. */
export function compare(before: Document, after: Document): Difference[] {
  return [...graphs(before, after, ""), ...whole(before, after)];
}

/** `around`: the steps whose bodies the graphs are, as subjects begin. Steps with a body on both sides are compared inside. */
function graphs(before: Document, after: Document, around: string): Difference[] {
  const [old, now] = [named(before), named(after)];
  const inner = [...now].flatMap(([name, { body }]) => {
    const former = old.get(name)?.body;
    return isObject(body) && isObject(former) ? graphs(former, body, `${around}${name} › `) : [];
  });
  return [
    ...between(old, now, `${around}step `, (step, other) => (isObject(step.body) && isObject(other.body) ? alone(step, "body") : step)),
    ...between(edgesByName(before), edgesByName(after), `${around}edge `), ...inner,
  ];
}

function between(before: ReadonlyMap<string, JsonObject>, after: ReadonlyMap<string, JsonObject>, prefix: string, own = (part: JsonObject, _other: JsonObject): JsonObject => part): Difference[] {
  const differences: Difference[] = [];
  for (const [key, value] of after) {
    const former = before.get(key);
    if (!former) {
      differences.push({ what: "added", subject: prefix + key, fields: [] });
      continue;
    }
    const fields = differing(own(former, value), own(value, former));
    if (fields.length) differences.push({ what: "changed", subject: prefix + key, fields });
  }
  for (const key of before.keys()) {
    if (!after.has(key)) differences.push({ what: "removed", subject: prefix + key, fields: [] });
  }
  return differences;
}

function whole(before: Document, after: Document): Difference[] {
  const fields = differing(alone(before, ...GRAPH), alone(after, ...GRAPH));
  return fields.length ? [{ what: "changed", subject: "the workflow", fields }] : [];
}

const GRAPH = ["steps", "edges", "layout"];

function alone(object: JsonObject, ...apart: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !apart.includes(key)));
}

function named(document: Document): Map<string, JsonObject> {
  const steps = stepsOf(document);
  return new Map(idsOf(steps).map((id, index) => [id, present(steps[index])]));
}

/** Field by field, down into objects. */
function differing(a: JsonObject, b: JsonObject, prefix = ""): FieldChange[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key): FieldChange[] => {
    const [before, after, field] = [memberOf(a, key), memberOf(b, key), prefix + key];
    if (same(before, after)) return [];
    return isObject(before) && isObject(after) ? differing(before, after, `${field}.`) : [{ field, before, after }];
  });
}
