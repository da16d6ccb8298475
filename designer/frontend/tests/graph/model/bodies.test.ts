/** Graphs inside steps. */
import { describe, expect, it } from "vitest";
import { applyCommand } from "../../../src/editor/model/commands";
import { allIds, changedWithin, graphAt, idsWithin, prefixOf, problemsWithin, sectionsOf, splitId, standingWay, wayOf, wayTo } from "../../../src/graph/model/bodies";
import { stepsOf, type Document } from "../../../src/graph/model/document";
import type { Problem } from "../../../src/graph/model/problems";

const NESTED: Document = {
  name: "order",
  steps: [
    { name: "read", worker: "read" },
    { name: "lines", kind: "map", items: "context.lines", body: { steps: [{ name: "try", kind: "group", body: { steps: [{ name: "charge" }] } }], edges: [] } },
  ],
};
const WAY = ["lines", "try"];
const problem = (path: string): Problem => ({ code: "x", path, message: "", level: "error" });

describe("a way into steps", () => {
  it("leads to a graph and to the problems there", () => {
    expect(stepsOf(graphAt(NESTED, WAY))).toEqual([{ name: "charge" }]);
    expect(prefixOf(NESTED, WAY)).toBe("steps[1].body.steps[0].body.");
    const inside = problem("steps[1].body.steps[0].body.steps[0].worker");
    expect(problemsWithin([problem("steps[0].worker"), inside], prefixOf(NESTED, WAY)).map(({ path }) => path)).toEqual(["steps[0].worker"]);
    expect(wayTo(NESTED, inside)).toEqual([WAY, problem("steps[0].worker")]);
    expect(wayTo(NESTED, problem("steps[1].body"))).toEqual([[], problem("steps[1].body")]);
    expect(wayTo(NESTED, problem("steps[1].body.edges[0]"))).toEqual([["lines"], problem("edges[0]")]);
  });

  it("ends where the document has no body any more", () => {
    expect(standingWay(NESTED, [...WAY, "charge"])).toEqual(WAY);
    expect(standingWay(NESTED, ["read"])).toEqual([]);
    expect(standingWay(applyCommand(NESTED, { do: "remove", steps: ["lines"], edges: [] }), WAY)).toEqual([]);
  });

  it("is part of a command, which changes nothing else", () => {
    const next = applyCommand(NESTED, { do: "within", way: WAY, command: { do: "add", steps: [{ name: "mail" }], edges: [{ from: "charge", to: "mail" }], layout: new Map([["mail", [5, 6]]]) } });
    expect(graphAt(next, WAY)).toEqual({ steps: [{ name: "charge" }, { name: "mail" }], edges: [{ from: "charge", to: "mail" }], layout: { mail: [5, 6] } });
    expect(stepsOf(next)[0]).toBe(stepsOf(NESTED)[0]);
    expect(changedWithin(NESTED, WAY, (graph) => graph)).toBe(NESTED);
  });

  it("renames within one graph only", () => {
    const reads = applyCommand(NESTED, { do: "putStep", index: 0, step: { name: "charge", worker: "read" } });
    const next = applyCommand(reads, { do: "within", way: WAY, command: { do: "putStep", index: 0, step: { name: "pay", when: "steps.charge.ok" } } });
    expect(stepsOf(next)[0]).toEqual({ name: "charge", worker: "read" });
    expect(stepsOf(graphAt(next, WAY))).toEqual([{ name: "pay", when: "steps.pay.ok" }]);
  });
});

describe("steps of all graphs", () => {
  it("have ids that say where they are", () => {
    expect(allIds(NESTED)).toEqual(["read", "lines", "lines/try", "lines/try/charge"]);
    expect(splitId("lines/try/charge")).toEqual(["lines/try", "charge"]);
    expect(splitId("read")).toEqual(["", "read"]);
    expect([wayOf(""), wayOf("lines/try")]).toEqual([[], WAY]);
    expect(idsWithin(new Set(["read", "lines", "lines/try", "liner/a"]), "lines")).toEqual(new Set(["try"]));
  });

  it("are drawn in place where all around them are unfolded", () => {
    const paths = (...unfolded: string[]): string[] => sectionsOf(NESTED, new Set(unfolded)).map(({ path }) => path);
    expect(paths()).toEqual([""]);
    expect(paths("lines")).toEqual(["", "lines"]);
    expect(paths("lines/try", "lines", "read", "gone")).toEqual(["", "lines", "lines/try"]);
    expect(paths("lines/try")).toEqual([""]);
    expect(sectionsOf(NESTED, new Set(["lines"]))[1]?.document).toBe(graphAt(NESTED, ["lines"]));
  });
});
