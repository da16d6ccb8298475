/** References follow their steps when these are renamed or copied, and nothing else changes. */
import { describe, expect, it } from "vitest";
import { clipOf, graft } from "../../../src/editor/model/clipboard";
import { applyCommand, duplicateOf } from "../../../src/editor/model/commands";
import { followingStep, renamedIn } from "../../../src/editor/model/references";
import { edgesOf, stepsOf, type Document } from "../../../src/graph/model/document";
import { CASES, RENAMES } from "../../scannerTable";

const PAIR: Document = {
  schema: 1, name: "pair",
  steps: [
    { name: "reserve", worker: "steps.reserve", title: "=steps.reserve" },
    {
      name: "charge", worker: "c", when: "steps.reserve.ok", notes: "=steps.reserve", params: { list: ["=steps.reserve.id", { deep: "=steps['reserve'].id" }], text: "==steps.reserve", plain: "steps.reserve" },
      compensation: { worker: "r", params: { id: "=steps.reserve.id + output.id" } }, verify: { worker: "v", params: { id: "=steps.reserve.id" } }, fallback: { worker: "f", params: { id: "=steps.reserve.id" } },
    },
    { name: "ask", kind: "approval", message: "='Ship ' + steps.reserve.id + '?'" },
    { name: "each", kind: "map", worker: "m", items: "steps.reserve.rows" },
    { name: "nap", kind: "wait", seconds: "=steps.reserve.pause" },
    { name: "sub", kind: "workflow", workflow: "w", input: { id: "=outcomes.reserve.status" } },
  ],
  edges: [{ from: "reserve", to: "charge", when: "steps.reserve.ok && steps.charge.n > 0" }],
  sample_input: { note: "=steps.reserve" },
};
const NOWHERE = new Map<string, never>();

describe("expressions", () => {
  it.each(CASES)("$source becomes $renamed", ({ source, renamed }) => expect(renamedIn(source, RENAMES)).toBe(renamed));

  it("that cannot be read stay as they are", () => expect(renamedIn("steps.reserve +'", RENAMES)).toBe("steps.reserve +'"));

  it("can exchange names", () => expect(renamedIn("steps.a + steps.b", new Map([["a", "b"], ["b", "a"]]))).toBe("steps.b + steps.a"));
});

describe("a renamed step", () => {
  const renamed = applyCommand(PAIR, { do: "putStep", index: 0, step: { ...stepsOf(PAIR)[0], name: "hold" } });

  it("is followed from guards, params, undos, items, times, messages, inputs and edges", () => {
    const charge = stepsOf(renamed)[1]!;
    expect(charge.when).toBe("steps.hold.ok");
    expect(charge.params).toEqual({ list: ["=steps.hold.id", { deep: "=steps['hold'].id" }], text: "==steps.reserve", plain: "steps.reserve" });
    expect([charge.compensation, charge.verify, charge.fallback]).toEqual([
      { worker: "r", params: { id: "=steps.hold.id + output.id" } }, { worker: "v", params: { id: "=steps.hold.id" } }, { worker: "f", params: { id: "=steps.hold.id" } },
    ]);
    expect(stepsOf(renamed).slice(2).map(({ message, items, seconds, input }) => message ?? items ?? seconds ?? input)).toEqual(
      ["='Ship ' + steps.hold.id + '?'", "steps.hold.rows", "=steps.hold.pause", { id: "=outcomes.hold.status" }]);
    expect(edgesOf(renamed)).toEqual([{ from: "hold", to: "charge", when: "steps.hold.ok && steps.charge.n > 0" }]);
  });

  it("changes no words and no data", () => {
    expect(stepsOf(renamed)[0]).toEqual({ name: "hold", worker: "steps.reserve", title: "=steps.reserve" });
    expect([stepsOf(renamed)[1]!.notes, renamed.sample_input]).toEqual(["=steps.reserve", PAIR.sample_input]);
  });

  it("takes back every reference when it gets its old name again", () => {
    expect(applyCommand(renamed, { do: "putStep", index: 0, step: stepsOf(PAIR)[0]! })).toEqual(PAIR);
  });

  it.each(["", "charge"])("takes nothing along to the name %j, which is no name of its own", (name) => {
    const next = applyCommand(PAIR, { do: "putStep", index: 0, step: { name } });
    expect([stepsOf(next).slice(1), edgesOf(next)]).toEqual([stepsOf(PAIR).slice(1), edgesOf(PAIR)]);
  });
});

describe("copies", () => {
  it.each([
    ["duplicated", () => duplicateOf(PAIR, ["reserve", "charge"], NOWHERE)],
    ["pasted", () => graft(PAIR, clipOf(PAIR, new Set(["reserve", "charge"]), NOWHERE), NOWHERE, NOWHERE)],
  ])("%s together read each other", (_, command) => {
    const { steps, edges } = command();
    expect(steps[1]).toEqual({ ...followingStep(stepsOf(PAIR)[1]!, new Map([["reserve", "reserve_2"]])), name: "charge_2" });
    expect(edges![0]).toEqual({ from: "reserve_2", to: "charge_2", when: "steps.reserve_2.ok && steps.charge_2.n > 0" });
  });

  it("of one step read what the original reads", () => {
    expect(duplicateOf(PAIR, ["charge"], NOWHERE).steps[0]).toEqual({ ...stepsOf(PAIR)[1], name: "charge_2" });
  });
});
