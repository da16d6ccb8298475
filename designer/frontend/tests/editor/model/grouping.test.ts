/** Steps put into a group and taken out. */
import { describe, expect, it } from "vitest";
import { grouped, refusalOfGroup, ungrouped } from "../../../src/editor/model/grouping";
import { edgesOf, idsOf, layoutOf, stepsOf, type Document } from "../../../src/graph/model/document";

const CHAIN: Document = {
  steps: ["a", "b", "c", "d"].map((name) => ({ name })),
  edges: [{ from: "a", to: "b", when: "x" }, { from: "b", to: "c" }, { from: "c", to: "d" }, { from: "b", to: "d", on: "failed" }, { from: "c", to: "d", on: "failed" }],
  layout: { a: [0, 0], b: [300, 0], c: [600, 0], d: [900, 0] },
};
const CHOSEN = new Set(["b", "c"]);

describe("a group", () => {
  const group = grouped(CHAIN, CHOSEN, "group", [300, 0]);
  it("takes steps, the edges among them and their places; edges around lead to it", () => {
    expect(stepsOf(group)).toEqual([
      { name: "a" },
      { name: "group", kind: "group", body: { steps: [{ name: "b" }, { name: "c" }], edges: [{ from: "b", to: "c" }], layout: { b: [300, 0], c: [600, 0] } } },
      { name: "d" },
    ]);
    expect(edgesOf(group)).toEqual([{ from: "a", to: "group", when: "x" }, { from: "group", to: "d" }, { from: "group", to: "d", on: "failed" }]);
    expect(layoutOf(group).get("group")).toEqual([300, 0]);
  });

  it("is refused where other steps would come both before and after it", () => {
    expect(refusalOfGroup(CHAIN, new Set(["a", "c"]))).toContain("Other steps");
    expect(refusalOfGroup(CHAIN, CHOSEN)).toBeNull();
    expect(refusalOfGroup(CHAIN, new Set())).not.toBeNull();
  });

  it("gives its steps back as they were", () => {
    const body = stepsOf(group)[1]!.body as Document;
    const back = ungrouped(group, "group", layoutOf(body), layoutOf(group));
    expect(idsOf(stepsOf(back))).toEqual(["a", "b", "c", "d"]);
    expect(new Set(edgesOf(back).map((edge) => JSON.stringify(edge)))).toEqual(new Set(edgesOf(CHAIN).map((edge) => JSON.stringify(edge))));
    expect(Object.fromEntries(layoutOf(back))).toEqual(CHAIN.layout);
  });
});
