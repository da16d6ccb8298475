/** JSON merge patches and differences. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changes, diffPatch, mergePatch } from "../../src/interventions/mergePatch";
import { isObject, readJson, same, writeJson, type Json, type JsonObject } from "../../src/shared/json";
import { objectText } from "../jsonTexts";

const CONTEXTS: [string, Record<string, Json>, Record<string, Json>, Record<string, Json>][] = [
  ["nothing", { a: 1 }, { a: 1 }, {}],
  ["a value", { a: 1, b: 2 }, { a: 1, b: 3 }, { b: 3 }],
  ["a new key", {}, { a: [1] }, { a: [1] }],
  ["a key taken out", { a: 1, b: { c: 1 } }, { b: {} }, { a: null, b: { c: null } }],
  ["a key deep down", { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 5, d: 2 } } }, { a: { b: { c: 5 } } }],
  ["a list as a whole", { a: [1, 2] }, { a: [2, 1] }, { a: [2, 1] }],
  ["an object for a value", { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
  ["the order of keys does not count", { a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }] }, {}],
];

describe("patches", () => {
  test.each(CONTEXTS)("%s", (_name, before, after, patch) => {
    expect(diffPatch(before, after)).toEqual(patch);
    expect(mergePatch(before, patch)).toEqual(after);
  });

  test("setting a key to null takes it out, and is shown so", () => {
    const patch = diffPatch({ a: 1 }, { a: null });
    expect(patch).toEqual({ a: null });
    expect(changes({ a: 1 }, mergePatch({ a: 1 }, patch))).toEqual([{ kind: "removed", path: "a", before: "1", after: "" }]);
  });

  test("any edit arrives as it was written: no other number is touched, and no name is special", () => fc.assert(fc.property(objectText, objectText, (first, second) => {
    const [before, after] = [withoutNulls(readJson(first)), withoutNulls(readJson(second))] as [JsonObject, JsonObject];
    const sent = writeJson(diffPatch(before, after));
    expect(same(mergePatch(before, readJson(sent)), after)).toBe(true);
  })));

  test("changes are named by their paths", () => {
    expect(changes({ a: { b: 1 }, c: 2 }, { a: { b: "x" }, d: null })).toEqual([
      { kind: "changed", path: "a.b", before: "1", after: '"x"' },
      { kind: "removed", path: "c", before: "2", after: "" },
      { kind: "added", path: "d", before: "", after: "null" },
    ]);
  });
});

/** What a patch can lead to: members that are null cannot be patched in. */
function withoutNulls(value: Json): Json {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null).map(([key, member]) => [key, withoutNulls(member)]));
}
