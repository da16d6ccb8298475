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
  return [
    ...between(named(before), named(after), "step "),
    ...between(edgesByName(before), edgesByName(after), "edge "),
    ...whole(before, after),
  ];
}

function between(before: ReadonlyMap<string, JsonObject>, after: ReadonlyMap<string, JsonObject>, prefix: string): Difference[] {
  const differences: Difference[] = [];
  for (const [key, value] of after) {
    const other = before.get(key);
    if (!other) differences.push({ what: "added", subject: prefix + key, fields: [] });
    else if (!same(other, value)) differences.push({ what: "changed", subject: prefix + key, fields: differing(other, value) });
  }
  for (const key of before.keys()) {
    if (!after.has(key)) differences.push({ what: "removed", subject: prefix + key, fields: [] });
  }
  return differences;
}

function whole(before: Document, after: Document): Difference[] {
  const fields = differing(alone(before), alone(after));
  return fields.length ? [{ what: "changed", subject: "the workflow", fields }] : [];
}

function alone({ steps: _, edges: __, layout: ___, ...others }: Document): JsonObject {
  return others;
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
