/** JSON comes back as it was, with every number that JavaScript cannot hold. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNumber, isObject, jsonIn, memberOf, nearest, numberIn, readJson, same, withPlainNumbers, writeJson } from "../../src/shared/json";
import { anyJsonText, numberText } from "../jsonTexts";

const AWKWARD = ["9007199254740993", "-9007199254740993", "18446744073709551615", "2.0", "2", "0", "-0", "-0.0", "1e22", "1e+22", "1E2", "1.50", "1e400", "0.1", "123456789012345678.25"];

describe("reading and writing", () => {
  it.each(AWKWARD)("leaves %s as it is", (text) => expect(writeJson(readJson(`[${text}]`))).toBe(`[${text}]`));

  it("leaves any JSON as it is", () => fc.assert(fc.property(anyJsonText, (text) => { expect(writeJson(readJson(text))).toBe(text); })));

  it("reads indented texts as the same value", () => fc.assert(fc.property(anyJsonText, (text) => {
    expect(writeJson(readJson(writeJson(readJson(text), 2)))).toBe(text);
  })));

  it("agrees with JavaScript's own reader but for the numbers", () => fc.assert(fc.property(fc.json(), (text) => {
    expect(withPlainNumbers(readJson(text))).toEqual(JSON.parse(text));
  })));

  it.each(["", "{", "[1,]", "01", "NaN", "'a'", '{"a": 1, "a": 2}', "1 2"])("takes no JSON from %j", (text) => {
    expect(jsonIn(text)).toBeUndefined();
  });

  it("keeps keys that JavaScript knows as its own", () => {
    const text = '{"__proto__":1,"constructor":2,"toString":{"valueOf":3}}';
    expect(writeJson(readJson(text))).toBe(text);
    expect(memberOf({ a: 1 }, "constructor")).toBeUndefined();
  });
});

describe("numbers", () => {
  it("are no objects, and know their nearest value", () => fc.assert(fc.property(numberText, (text) => {
    const value = readJson(text);
    expect([isNumber(value), isObject(value), nearest(value)]).toEqual([true, false, Number(text)]);
  })));

  it("are taken from a field as they are written there", () => {
    expect(String(numberIn("2.0"))).toBe("2.0");
    expect([numberIn(""), numberIn("two"), numberIn('"2"')]).toEqual([null, null, null]);
  });

  it.each([["2", "2.0", false], ["1e3", "1000.0", true], ["9007199254740993", "9007199254740992", false], ["-0.0", "0.0", false], ["1e22", "1e+22", true]])(
    "%s and %s are the same: %s", (a, b, isSame) => expect(same(readJson(`{"n":${a}}`), readJson(`{"n":${b}}`))).toBe(isSame));

  it("equal themselves in any order of keys", () => fc.assert(fc.property(fc.dictionary(fc.string(), numberText), (texts) => {
    const object = (keys: string[]): string => `{${keys.map((key) => `${JSON.stringify(key)}:${texts[key]!}`).join(",")}}`;
    const keys = Object.keys(texts);
    expect(same(readJson(object(keys)), readJson(object([...keys].reverse())))).toBe(true);
  })));
});
