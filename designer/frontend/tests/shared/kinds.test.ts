/** The kinds of steps, as the canvas reads them from the table of Python. */
import { expect, it } from "vitest";
import { DEFAULT_KIND, KIND_NAMES, KINDS, wordsOf } from "../../src/shared/kinds";
import { blocksOf, catalogOf, stepOf } from "../../src/graph/model/catalog";
import { kindOf } from "../../src/graph/model/document";
import { tabOf } from "../../src/editor/model/fields";
import { factsOf } from "../../src/run/page/facts";

const says = (kind: keyof typeof KINDS, step = {}): string => wordsOf(KINDS[kind].onCanvas, step);

it("says on the canvas what a step does, and what is missing", () => {
  expect(says("task", { worker: "pack" })).toBe("pack");
  expect(says("task")).toBe("no worker chosen");
  expect(says("map", { worker: "pack" })).toBe("pack × each");
  expect(says("map", { worker: "" })).toBe("for each item");
  expect(says("workflow", { workflow: "pay" })).toBe("pay");
  expect(says("approval")).toBe("a person approves");
});

it("says what a wait waits for, with a unit behind numbers only", () => {
  expect(says("wait", { signal: "go", seconds: 3 })).toBe("signal go");
  expect(says("wait", { until: "=context.at" })).toBe("until =context.at");
  expect(says("wait", { seconds: 0 })).toBe("0 s");
  expect(says("wait", { seconds: "=context.pause" })).toBe("=context.pause");
  expect(says("wait", { any_of: [] })).toBe("the first of several");
});

it("has a block for every kind, whose step is of that kind", () => {
  const blocks = new Map(blocksOf(catalogOf([])).flatMap((block) => (block.group === "Steps" && !block.steps ? [[block.kind, block] as const] : [])));
  expect([...blocks.keys()].sort()).toEqual([...KIND_NAMES].sort());
  for (const block of blocks.values()) expect(kindOf(stepOf(block, "a"))).toBe(block.kind);
  expect(stepOf(blocks.get("task")!, "a")).toEqual({ name: "a", title: "Task", worker: "" });
  expect(stepOf(blocks.get("map")!, "a")).toEqual({ name: "a", title: "For each item", kind: "map", worker: "", items: "context.items" });
});

it("takes a step of no known kind for a task", () => {
  expect([kindOf({}), kindOf({ kind: "nap" }), kindOf({ kind: 3 })]).toEqual([DEFAULT_KIND, DEFAULT_KIND, DEFAULT_KIND]);
});

it("finds the tab of every field", () => {
  for (const { fields } of Object.values(KINDS)) for (const field of fields) expect(tabOf(field), field).not.toBe("JSON");
  expect([tabOf(""), tabOf("seconds"), tabOf("retry.max"), tabOf("compensation.worker"), tabOf("nap")]).toEqual(["Step", "Step", "Failure", "Undo", "JSON"]);
});

it("says in the row of a run what the server says", () => {
  const steps = [
    { name: "pack", worker: "pack" }, { name: "a", worker: "pack" }, { name: "m", kind: "map", worker: "pack" },
    { name: "c", kind: "workflow", workflow: "pay" }, { name: "wait", kind: "wait", seconds: 1 },
  ];
  const facts = steps.map(({ name }) => factsOf({ steps }, name));
  expect(facts.map(({ does }) => does)).toEqual(["", "pack", "map of pack", "runs pay", "wait"]);
  expect(facts.map(({ slotKind }) => slotKind)).toEqual(["unstated", "unstated", "unstated", "action", "none"]);
});
