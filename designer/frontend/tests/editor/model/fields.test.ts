/** Problems at the fields of the inspector. */
import { describe, expect, it } from "vitest";
import { nearest, problemsOf, tabOf } from "../../../src/editor/model/fields";
import type { Problem } from "../../../src/graph/model/problems";

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
