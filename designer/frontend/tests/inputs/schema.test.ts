/** Shapes of schemas, as pydantic and people write them. */
import { describe, expect, it } from "vitest";
import { begun, shapeOf, variantOf, variantTitle } from "../../src/inputs/schema";
import { readJson, type JsonObject } from "../../src/shared/json";

const schemaOf = (text: string): JsonObject => readJson(text) as JsonObject;
const ROOT = schemaOf(`{"$defs": {
  "Money": {"title": "Money", "type": "object", "required": ["amount", "currency"], "properties": {"amount": {"type": "number"}, "currency": {"default": "EUR", "type": "string"}}},
  "Card": {"type": "object", "required": ["by", "number"], "properties": {"by": {"const": "card"}, "number": {"type": "string"}}},
  "Invoice": {"title": "Invoice", "type": "object", "required": ["by"], "properties": {"by": {"const": "invoice"}, "days": {"type": "integer"}}}}}`);

describe("the shape of a schema", () => {
  it.each([
    ['{"type": "string", "format": "date"}', "text", false],
    ['{"type": "integer"}', "number", false],
    ['{"type": ["number", "null"]}', "number", true],
    ['{"anyOf": [{"type": "boolean"}, {"type": "null"}], "title": "Gift"}', "flag", true],
    ['{"enum": ["a", "b"]}', "choice", false],
    ['{"type": ["string", "null"], "enum": ["a", null]}', "choice", true],
    ['{"const": 9007199254740993}', "choice", false],
    ['{"oneOf": [{"const": 1, "title": "One"}, {"const": 2}]}', "choice", false],
    ['{"type": ["string", "integer"]}', "variants", false],
    ['{"anyOf": [{"$ref": "#/$defs/Card"}, {"$ref": "#/$defs/Invoice"}, {"type": "null"}]}', "variants", true],
    ['{"$ref": "#/$defs/Money", "description": "What it costs"}', "object", false],
    ['{"allOf": [{"$ref": "#/$defs/Money"}], "title": "Price"}', "object", false],
    ['{"properties": {}}', "object", false],
    ['{"items": {"type": "string"}}', "list", false],
    ["{}", "json", false], ["true", "json", false],
    ['{"$ref": "#/$defs/missing"}', "json", false],
  ])("of %s is %s", (text, kind, isNullable) => {
    const shape = shapeOf(readJson(text), ROOT);
    expect([shape.kind, shape.isNullable]).toEqual([kind, isNullable]);
  });

  it("keeps the names that stand beside a reference", () => {
    expect(shapeOf(readJson('{"$ref": "#/$defs/Money", "description": "What it costs"}'), ROOT)).toMatchObject({ title: "Money", hint: "What it costs" });
    expect(shapeOf(readJson('{"allOf": [{"$ref": "#/$defs/Money"}], "title": "Price"}'), ROOT).title).toBe("Price");
  });

  it("offers no null among the options of a nullable choice", () => {
    expect(shapeOf(readJson('{"enum": ["a", null]}'), ROOT).options).toEqual([{ value: "a", label: "a" }]);
  });
});

describe("variants", () => {
  const { variants } = shapeOf(readJson('{"oneOf": [{"$ref": "#/$defs/Card"}, {"$ref": "#/$defs/Invoice"}, {"type": "string"}, {"type": "integer"}, {"type": "number"}]}'), ROOT);

  it("are named by their title, what is fixed in them, or their type", () => {
    expect(variants.map((variant, index) => variantTitle(variant, ROOT, index))).toEqual(["card", "Invoice", "Text", "Whole number", "Number"]);
  });

  it.each([
    ['{"by": "card"}', 0], ['{"by": "invoice", "days": 3}', 1], ['{"days": 3}', 1], ['"x"', 2], ["3", 3], ["3.5", 4], ["2.0", 4], ["true", -1], ["null", -1], ['{"by": "gold"}', -1],
  ])("describe %s by number %i", (text, index) => {
    expect(variantOf(readJson(text), variants, ROOT)).toBe(index);
  });
});

describe("a value that is begun", () => {
  it.each([
    ['{"type": "string"}', '""'], ['{"type": "integer"}', "null"], ['{"type": "integer", "default": 12345678901234567890}', "12345678901234567890"],
    ['{"type": "array", "items": {"type": "string"}}', "[]"], ['{"const": "x"}', '"x"'], ['{"enum": ["a", "b"]}', "null"],
    ['{"$ref": "#/$defs/Money"}', '{"currency": "EUR"}'], ['{"$ref": "#/$defs/Card"}', '{"by": "card"}'],
    ['{"oneOf": [{"$ref": "#/$defs/Card"}, {"type": "string"}]}', '{"by": "card"}'],
  ])("of %s holds what is fixed and standard: %s", (text, value) => {
    expect(begun(readJson(text), ROOT)).toEqual(readJson(value));
  });
});
