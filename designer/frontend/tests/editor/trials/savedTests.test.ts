/** The list of saved tests: renamed, shortened, summed up. */
import { expect, it } from "vitest";
import { refusalOf, renamed, summaryOf, without } from "../../../src/editor/trials/savedTests";

const TESTS = [{ name: "a", input: {} }, { name: "b" }];

it("renames one test and leaves the others", () => {
  expect(renamed(TESTS, "a", "c")).toEqual([{ name: "c", input: {} }, { name: "b" }]);
});

it("takes one test away", () => {
  expect(without(TESTS, "a")).toEqual([{ name: "b" }]);
});

it.each([["c", ""], ["a", ""], ["b", "Another test has this name."], [" ", "Give it a name."]])("says why %j cannot be the new name of a", (next, refusal) => {
  expect(refusalOf(TESTS, "a", next)).toBe(refusal);
});

it.each([
  [{}, "expects nothing"],
  [{ expect: { status: "completed" } }, "ends completed"],
  [{ expect: { status: "compensated", error: "busy", checks: ["true"] } }, "ends compensated, with the error busy, 1 check"],
])("sums %j up", (test, text) => {
  expect(summaryOf(test)).toBe(text);
});
