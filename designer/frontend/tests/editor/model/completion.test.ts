/** Completion of expressions. */
import { describe, expect, it } from "vitest";
import { optionsAt, type Known } from "../../../src/editor/model/completion";

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
});
