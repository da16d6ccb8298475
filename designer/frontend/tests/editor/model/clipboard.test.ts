/** Steps copied to another place, tab or workflow. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adopted, clipOf, graft, isWhole, readClip } from "../../../src/editor/model/clipboard";
import { applyCommand } from "../../../src/editor/model/commands";
import { edgesOf, idsOf, layoutOf, stepsOf, type Document, type Places } from "../../../src/graph/model/document";
import { readJson, writeJson } from "../../../src/shared/json";
import { objectText } from "../../jsonTexts";
import { ORDER, places } from "../../placedOrder";

const NOWHERE: Places = new Map();

describe("copying", () => {
  const clip = readClip(JSON.stringify(clipOf(ORDER, new Set(["charge", "ship"]), places)))!;

  it("takes steps with the edges among them into another workflow as they are", () => {
    const empty: Document = { schema: 1, name: "other" };
    const next = applyCommand(empty, graft(empty, clip, layoutOf(clip), NOWHERE));
    expect(next).toEqual({ ...empty, steps: stepsOf(ORDER).slice(1), edges: [edgesOf(ORDER)[1]], layout: { charge: [300, 0], ship: [600, 0] } });
  });

  it("gives free names and free places where they stand already", () => {
    const next = applyCommand(ORDER, graft(ORDER, clip, layoutOf(clip), places));
    expect(idsOf(stepsOf(next)).slice(3)).toEqual(["charge_2", "ship_2"]);
    expect(edgesOf(next).at(-1)).toEqual({ from: "charge_2", to: "ship_2", when: "context.paid" });
    expect(layoutOf(next).get("charge_2")![1]).toBeGreaterThan(120);
  });

  it("puts several steps between the ends of an edge, the condition before them", () => {
    const next = applyCommand(ORDER, graft(ORDER, clip, layoutOf(clip), places, { place: [10, 20], edge: 1 }));
    expect(edgesOf(next)).toEqual([
      { from: "reserve", to: "charge" }, { from: "charge_2", to: "ship_2", when: "context.paid" },
      { from: "charge", to: "charge_2", when: "context.paid" }, { from: "ship_2", to: "ship" },
    ]);
    expect(layoutOf(next).get("charge_2")).toEqual([10, 20]);
  });

  it("keeps every number of the steps as it was written", () => fc.assert(fc.property(objectText, (params) => {
    const document = readJson(`{"steps":[{"name":"one","params":${params}}]}`) as Document;
    const pasted = readClip(writeJson(clipOf(document, new Set(["one"]), NOWHERE), 2))!;
    expect(writeJson(graft({}, pasted, NOWHERE, NOWHERE).steps[0]!.params)).toBe(params);
  })));

  it("lets steps follow another one", () => {
    expect(graft(ORDER, clip, NOWHERE, NOWHERE, { after: "reserve" }).edges!.at(-1)).toEqual({ from: "reserve", to: "charge_2" });
  });

  it("knows a whole workflow, which keeps the name of the draft it comes into", () => {
    expect([isWhole(clip), isWhole(ORDER)]).toEqual([false, true]);
    expect(adopted({ schema: 1, name: "mine", title: "Mine" }, ORDER)).toEqual({ ...ORDER, name: "mine", title: "Mine" });
  });

  it.each(["", "hello", "[1]", "{", '{"steps": []}', '{"steps": [1]}', '{"steps": {}}'])("takes no steps from %j", (text) => expect(readClip(text)).toBeNull());
});
