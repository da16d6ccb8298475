/** What the panel of a step says from the workflow: the workers that its page leads to. */
import { expect, it } from "vitest";
import type { Json } from "../../../src/graph/model/document";
import { workersOf } from "../../../src/run/page/facts";

const cases: readonly (readonly [string, Record<string, Json>, readonly (readonly [string, string])[]])[] = [
  ["a task", { worker: "pay" }, [["work", "pay"]]],
  ["a task with all calls", { worker: "pay", compensation: { worker: "refund" }, verify: { worker: "look" }, fallback: "owe" },
    [["work", "pay"], ["undo", "refund"], ["question", "look"], ["fallback", "owe"]]],
  ["a task that has no undo", { worker: "pay", compensation: "irreversible" }, [["work", "pay"]]],
  ["a map of a worker", { kind: "map", worker: "pay", over: "=input.orders" }, [["work", "pay"]]],
  ["a map of a workflow", { kind: "map", workflow: "pay", over: "=input.orders" }, []],
  ["a wait", { kind: "wait", seconds: 1 }, []],
];

it.each(cases)("names the workers of %s", (_, step, expected) => {
  const document = { steps: [{ name: "other", worker: "no" }, { name: "pay", ...step }] };
  expect(workersOf(document, "pay")).toEqual(expected);
  expect(workersOf(document, "pay[3]")).toEqual(expected);
  expect(workersOf(document, "gone")).toEqual([]);
});
