/** Changes at a place leave all else as it was, to the last digit. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { at, moved, pointerOf, put, sizeOf, type Place } from "../../src/inputs/value";
import { isObject, readJson, writeJson, type Json } from "../../src/shared/json";
import { anyJsonText } from "../jsonTexts";

const placesIn = (value: Json | undefined, around: Place = []): Place[] => {
  if (Array.isArray(value)) return value.flatMap((inner: Json, index) => [[...around, index], ...placesIn(inner, [...around, index])]);
  return isObject(value) ? Object.entries(value).flatMap(([key, inner]) => [[...around, key], ...placesIn(inner, [...around, key])]) : [];
};

it("puts one value and touches no other number", () => {
  fc.assert(fc.property(anyJsonText, fc.nat(), (text, choice) => {
    const value = readJson(text);
    const places = placesIn(value);
    const place = places[choice % Math.max(1, places.length)];
    if (!place) return;
    const next = put(value, place, "changed");
    expect(at(next, place)).toBe("changed");
    expect(writeJson(put(next, place, at(value, place)))).toBe(writeJson(value));
    for (const other of places) {
      const isRelated = pointerOf(other) === pointerOf(place) || pointerOf(other).startsWith(`${pointerOf(place)}/`) || pointerOf(place).startsWith(`${pointerOf(other)}/`);
      if (!isRelated) expect(at(next, other)).toBe(at(value, other));
    }
  }));
});

it("makes what is missing on the way, and takes members and items out", () => {
  const value = readJson('{"id": 9007199254740993, "rows": [{"price": 2.0}, 7]}');
  expect(writeJson(put(value, ["address", "city"], "Lisbon"))).toBe('{"id":9007199254740993,"rows":[{"price":2.0},7],"address":{"city":"Lisbon"}}');
  expect(writeJson(put(value, ["rows", 1], undefined))).toBe('{"id":9007199254740993,"rows":[{"price":2.0}]}');
  expect(writeJson(put(value, ["rows", 2], null))).toBe('{"id":9007199254740993,"rows":[{"price":2.0},7,null]}');
  expect(writeJson(put(value, ["id"], undefined))).toBe('{"rows":[{"price":2.0},7]}');
  expect(put({}, ["constructor", "x"], 1)).toEqual({ constructor: { x: 1 } });
});

it("moves items, and none out of the list", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});

it("writes places as pointers", () => {
  expect(pointerOf(["a/b", 0, "m~n"])).toBe("/a~1b/0/m~0n");
});

it("counts no further than it must", () => {
  expect(sizeOf(readJson('{"a": [1, 2], "b": 2.0}'), 100)).toBe(5);
  expect(sizeOf(Array.from({ length: 10_000 }, (_, index) => index), 50)).toBeGreaterThan(50);
});
