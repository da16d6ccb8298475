/** Completion of expressions. */
import { describe, expect, it } from "vitest";
import { optionsAt, type Known } from "../../../src/editor/expressions/completion";

const KNOWN: readonly Known[] = [
  { path: "context", type: "object", sample: "2 keys" },
  { path: "context.total", type: "number", sample: "12" },
  { path: "context.who", type: "object", sample: "1 keys" },
  { path: "context.who.name", type: "text", sample: "Ada" },
  { path: "steps", type: "any", sample: "" },
];

const labels = (text: string, isAsked = false, cursor = text.length): readonly string[] | undefined =>
  optionsAt(text, cursor, KNOWN, isAsked)?.options.map(({ label }) => label);

describe("completion", () => {
  it("gives the next keys of the path before the cursor", () => {
    expect(labels("context.")).toEqual(["total", "who"]);
    expect(labels("1 + context.who.na")).toEqual(["name"]);
    expect(optionsAt("1 + context.to", 14, KNOWN, false)).toEqual({
      from: 12, options: [{ label: "total", detail: "number: 12" }, { label: "who", detail: "object: 1 keys" }],
    });
  });
  it("begins with names and functions, and at nothing only when asked", () => {
    expect(labels("c")).toContain("context");
    expect(labels("c")).toContain("size(");
    expect(labels("")).toBeUndefined();
    expect(labels("1 + ", true)).toContain("steps");
    expect(labels("nothing.")).toBeUndefined();
  });
  it("offers each function with its arguments, a line and an example", () => {
    const options = optionsAt("spl", 3, KNOWN, false)?.options ?? [];
    expect(options.find(({ label }) => label === "split(")).toEqual({
      label: "split(", detail: "(text, separator)", info: 'The parts of a text; its characters where the separator is empty.\nsplit("a,b,c", ",") → ["a","b","c"]',
    });
    expect(labels("n")).toContain("now()");
    expect(labels("x")).not.toContain("uuid(");
  });
  it("offers functions behind a value that has no keys", () => {
    expect(labels("context.who.name.")).toContain("upper(");
    expect(labels("context.who.name.")).not.toContain("now()");
    expect(labels("context.who.")).toEqual(["name"]);
    expect(optionsAt("context.who.name.up", 19, KNOWN, false)?.from).toBe(17);
  });
});
