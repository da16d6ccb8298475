/** References follow their steps when these are renamed or copied, and nothing else changes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scan } from "../../../src/editor/expressions/scanner";
import { begin, perform, undo } from "../../../src/editor/model/history";
import { isObject, type Json } from "../../../src/shared/json";
import { clipOf, graft, stillRead } from "../../../src/editor/model/clipboard";
import { applyCommand, duplicateOf } from "../../../src/editor/model/commands";
import { followingStep, readBy, renamedIn } from "../../../src/editor/model/references";
import { edgesOf, stepsOf, textOf, type Document } from "../../../src/graph/model/document";
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

/** Every place of a document that is evaluated, by what Python's `designer.validation.places` reads. */
const expression = fc.constantFrom("steps.old.id", "steps['old'].rows", "outcomes.old.status == 'failed'", '"old" in steps', "has(steps.old) && steps.other.old > 1", "context.old + steps.other.id", "[1].map(old, old + steps.old.n)", "size(steps.old.rows.filter(r, r.steps.old))");
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, expression.map((text): Json => `=${text}`), fc.constantFrom<Json>("steps.old", "==steps.old", 1, null), fc.array(tie("value"), { maxLength: 3 }), fc.dictionary(fc.constantFrom("a", "old", "b"), tie("value"), { maxKeys: 3 })),
})).value;
const call = fc.record({ worker: fc.constant("w"), params: fc.dictionary(fc.constantFrom("x", "y"), value, { maxKeys: 2 }) });
const reader = fc.record({
  when: expression, items: expression, until: expression, while: expression, params: fc.dictionary(fc.constantFrom("x", "y"), value, { maxKeys: 2 }), compensation: call, verify: call, fallback: call,
  input: value, values: value, message: expression.map((text) => `=${text}`), seconds: expression.map((text) => `=${text}`), delay: expression.map((text) => `=${text}`), assignees: expression.map((text) => `=${text}`),
  any_of: fc.array(fc.record({ match: expression, event: fc.constant("e") }), { maxLength: 2 }),
}, { requiredKeys: [] });
const readers = fc.record({ steps: fc.array(reader, { maxLength: 4 }), conditions: fc.array(expression, { maxLength: 3 }) }).map(({ steps, conditions }): Document => ({
  schema: 1, name: "x", steps: [{ name: "old", worker: "w" }, { name: "other", worker: "w" }, ...steps.map((step, index) => ({ name: `r${index}`, ...step }))],
  edges: conditions.map((when) => ({ from: "old", to: "other", when })),
}));

/** Whether a step is read by a name, told from the tokens alone. */
function isRead(source: string, name: string): boolean {
  const read = (scan(source) ?? []).filter(({ kind }) => kind !== "space").map(({ text }) => text);
  return read.some((text, at) => (text === "steps" || text === "outcomes") && read[at - 1] !== "." && (
    (read[at + 1] === "." && read[at + 2] === name) || (read[at + 1] === "[" && read[at + 2]?.slice(1, -1) === name) || (read[at - 1] === "in" && read[at - 2]?.slice(1, -1) === name)
  ));
}

const texts = (part: Json): string[] => (typeof part === "string" ? [part] : Array.isArray(part) ? part.flatMap(texts) : isObject(part) ? Object.values(part).flatMap(texts) : []);
const PLAIN = ["steps.old", "==steps.old"];

describe("over random documents", () => {
  it("a rename leaves no old name, and nothing else changes", () => fc.assert(fc.property(readers, (document) => {
    const renamed = applyCommand(document, { do: "putStep", index: 0, step: { name: "fresh", worker: "w" } });
    const found = [...stepsOf(renamed), ...edgesOf(renamed)].flatMap((part) => texts(part)).filter((text) => !PLAIN.includes(text));
    expect(found.filter((text) => isRead(text.replace(/^=/, ""), "old"))).toEqual([]);
    expect(applyCommand(renamed, { do: "putStep", index: 0, step: stepsOf(document)[0]! })).toEqual(document);
  })));

  it("is undone as one act", () => fc.assert(fc.property(readers, (document) => {
    const after = perform(begin(document), { do: "putStep", index: 0, step: { name: "fresh", worker: "w" } });
    expect(undo(after).present).toBe(document);
  })));

  it("copies read copies, and say which originals they still read", () => fc.assert(fc.property(readers, (document) => {
    const all = stepsOf(document).map(({ name }) => textOf(name));
    const whole = duplicateOf(document, all, NOWHERE);
    expect(stillRead(document, whole.steps)).toBe("");
    const alone = duplicateOf(document, all.filter((name) => name !== "old"), NOWHERE);
    const readsOld = alone.steps.some((step) => readBy(step).has("old"));
    expect(stillRead(document, alone.steps).includes("old")).toBe(readsOld);
  })));
});
