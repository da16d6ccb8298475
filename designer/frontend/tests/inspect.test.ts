/** Fields of the inspector: completion, problems at their fields, the order of edges. */
import { describe, expect, it } from "vitest";
import { optionsAt, type Known } from "../src/editor/model/completion";
import { nearest, problemsOf, tabOf } from "../src/editor/model/fields";
import { edgesFrom, movedEdge } from "../src/graph/model/order";
import type { Problem } from "../src/graph/model/problems";

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

const problem = (path: string): Problem => ({ code: "bad_value", path, message: path, level: "error" });

describe("problems at their fields", () => {
  const all = ["steps[1].params.amount", "steps[1].params.items[0].sku", "steps[1]"].map(problem);
  it("stand at the very field, or inside it", () => {
    expect(problemsOf(all, "params.amount", false)).toHaveLength(1);
    expect(problemsOf(all, "params.items", false)).toHaveLength(0);
    expect(problemsOf(all, "params.items", true)).toHaveLength(1);
  });
  it("lead to the innermost field that is there", () => {
    expect(nearest(["params", "params.items", "name"], "params.items[0].sku")).toBe("params.items");
    expect(nearest(["name"], "params.x")).toBeNull();
  });
  it("lead to the tab of the field", () => {
    expect(tabOf("compensation.params.x")).toBe("Undo");
    expect(tabOf("retry.max")).toBe("Failure");
    expect(tabOf("params.x")).toBe("Step");
    expect(tabOf("")).toBe("Step");
    expect(tabOf("colour")).toBe("JSON");
  });
});

describe("the order of edges", () => {
  const edges = [{ from: "a", to: "b" }, { from: "x", to: "y" }, { from: "a", to: "c" }];
  it("changes among the edges of one step only", () => {
    expect(edgesFrom({ edges }, "a")).toEqual([0, 2]);
    expect(movedEdge({ edges }, 0, 1)).toEqual({ edges: [edges[2], edges[1], edges[0]], index: 2 });
    expect(movedEdge({ edges }, 0, -1)).toBeNull();
    expect(movedEdge({ edges }, 1, 1)).toBeNull();
    expect(movedEdge({ edges }, 9, 1)).toBeNull();
  });
});
