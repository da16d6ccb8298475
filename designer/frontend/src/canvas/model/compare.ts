/** What differs between two documents: steps added, removed and changed, field by field. Pure. */
import { edgesOf, idsOf, stepsOf, textOf, type Document, type JsonObject } from "./document";

export interface Difference {
  readonly what: "added" | "removed" | "changed";
  readonly subject: string;
  readonly fields: readonly string[];
}

/** From `before` to `after`. Places on the canvas do not count. */
export function compare(before: Document, after: Document): Difference[] {
  return [
    ...between(named(before), named(after), "step "),
    ...between(joined(before), joined(after), "edge "),
    ...whole(before, after),
  ];
}

function between(before: ReadonlyMap<string, JsonObject>, after: ReadonlyMap<string, JsonObject>, prefix: string): Difference[] {
  const found: Difference[] = [];
  for (const [key, value] of after) {
    const other = before.get(key);
    if (!other) found.push({ what: "added", subject: prefix + key, fields: [] });
    else if (!same(other, value)) found.push({ what: "changed", subject: prefix + key, fields: differing(other, value) });
  }
  for (const key of before.keys()) {
    if (!after.has(key)) found.push({ what: "removed", subject: prefix + key, fields: [] });
  }
  return found;
}

function whole(before: Document, after: Document): Difference[] {
  const apart = new Set(["steps", "edges", "layout"]);
  const fields = differing(before, after).filter((field) => !apart.has(field));
  return fields.length ? [{ what: "changed", subject: "the workflow", fields }] : [];
}

function named(document: Document): Map<string, JsonObject> {
  const steps = stepsOf(document);
  return new Map(idsOf(steps).map((id, index) => [id, steps[index]!]));
}

function joined(document: Document): Map<string, JsonObject> {
  return new Map(edgesOf(document).map((edge) => [`${textOf(edge.from)} → ${textOf(edge.to)}`, edge]));
}

function differing(a: JsonObject, b: JsonObject): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !same(a[key], b[key]));
}

function same(a: unknown, b: unknown): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part) ?? "";
}
