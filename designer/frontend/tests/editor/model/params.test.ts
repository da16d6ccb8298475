/** Fields of a params form. */
import { describe, expect, it } from "vitest";
import { fieldsOf, isExpression } from "../../../src/editor/model/params";

describe("a params form", () => {
  const schema = {
    required: ["rows"],
    $defs: { Way: { enum: ["csv", "json"], type: "string" } },
    properties: {
      rows: { type: "integer", title: "Rows" }, way: { $ref: "#/$defs/Way", default: "csv" },
      limit: { anyOf: [{ type: "number" }, { type: "null" }] }, strict: { type: "boolean" }, map: { type: "object" },
    },
  };

  it("has a field for each property, then for other params", () => {
    const found = fieldsOf(schema, { extra: "x" }).map(({ key, label, type }) => [key, label, type]);
    expect(found).toEqual([
      ["rows", "Rows (needed)", "number"], ["way", "way", "choice"], ["limit", "limit", "number"],
      ["strict", "strict", "flag"], ["map", "map", "json"], ["extra", "extra", "text"],
    ]);
  });

  it("has room for a text of several lines, and takes a list that is written as a text", () => {
    const list = { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] };
    const types = fieldsOf({ properties: { body: { type: "string", format: "multiline" }, to: list } }, {}).map(({ type }) => type);
    expect(types).toEqual(["lines", "text"]);
  });

  it("offers names where the schema says that a connection or a secret is named", () => {
    const services = { properties: { api: { type: "string", format: "connection", "x-kind": "http" }, key: { anyOf: [{ type: "string", format: "secret" }, { type: "null" }] }, odd: { type: "string", format: "connection", "x-kind": "fax" } } };
    expect(fieldsOf(services, {}).map(({ type, named }) => [type, named])).toEqual([["name", "http"], ["name", "secret"], ["text", undefined]]);
  });

  it("tells expressions from texts that begin with =", () => {
    expect([isExpression("=context.x"), isExpression("==x"), isExpression("x"), isExpression(3)]).toEqual([true, false, false, false]);
  });
});
