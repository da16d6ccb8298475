import { describe, expect, test } from "vitest";
import { interventionFrame, paintCount } from "../src/interventions/openCount";
import { startEditor } from "../src/interventions/contextEditor";
import { changes, diffPatch, mergePatch, type Json } from "../src/interventions/mergePatch";
import { delay } from "../src/shared/socket";

describe("the count in the header", () => {
  test("frames without an event or a number are none", () => {
    expect(interventionFrame({ event: "intervention.opened", open: 3, id: 7 })?.open).toBe(3);
    for (const data of [null, 7, "x", {}, { event: "x" }, { open: 1 }, { event: 1, open: 1 }]) {
      expect(interventionFrame(data)).toBeNull();
    }
  });

  test("is painted as text and as data", () => {
    document.body.innerHTML = '<a data-open-interventions="0"><span data-slot="count">0</span></a>';
    const link = document.querySelector<HTMLElement>("a")!;
    paintCount(link, 12);
    expect(link.dataset.openInterventions).toBe("12");
    expect(link.textContent).toBe("12");
  });
});

test("a lost socket is tried again later and later, up to half a minute", () => {
  expect([0, 1, 2, 3].map((tries) => delay(tries, () => 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(delay(20, () => 1)).toBe(30_000);
  expect(delay(0, () => 0)).toBe(500);
});

const CONTEXTS: [string, Record<string, Json>, Record<string, Json>, Record<string, Json>][] = [
  ["nothing", { a: 1 }, { a: 1 }, {}],
  ["a value", { a: 1, b: 2 }, { a: 1, b: 3 }, { b: 3 }],
  ["a new key", {}, { a: [1] }, { a: [1] }],
  ["a key taken out", { a: 1, b: { c: 1 } }, { b: {} }, { a: null, b: { c: null } }],
  ["a key deep down", { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 5, d: 2 } } }, { a: { b: { c: 5 } } }],
  ["a list as a whole", { a: [1, 2] }, { a: [2, 1] }, { a: [2, 1] }],
  ["an object for a value", { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
  ["the order of keys does not count", { a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }] }, {}],
];

describe("patches", () => {
  test.each(CONTEXTS)("%s", (_name, before, after, patch) => {
    expect(diffPatch(before, after)).toEqual(patch);
    expect(mergePatch(before, patch)).toEqual(after);
  });

  test("setting a key to null takes it out, and is shown so", () => {
    const patch = diffPatch({ a: 1 }, { a: null });
    expect(patch).toEqual({ a: null });
    expect(changes({ a: 1 }, mergePatch({ a: 1 }, patch))).toEqual([{ kind: "removed", path: "a", before: "1", after: "" }]);
  });

  test("changes are named by their paths", () => {
    expect(changes({ a: { b: 1 }, c: 2 }, { a: { b: "x" }, d: null })).toEqual([
      { kind: "changed", path: "a.b", before: "1", after: '"x"' },
      { kind: "removed", path: "c", before: "2", after: "" },
      { kind: "added", path: "d", before: "", after: "null" },
    ]);
  });
});

describe("the editor of a context", () => {
  function editor(context: string, patch = ""): { context: HTMLTextAreaElement; patch: HTMLTextAreaElement; list: HTMLElement } {
    document.body.innerHTML = `<div data-patch><div data-slot="context-field" hidden><textarea data-slot="context"></textarea>
      <p data-slot="context-error" hidden></p></div><div data-slot="changes"></div><textarea name="patch"></textarea></div>`;
    const found = (selector: string): HTMLTextAreaElement => document.querySelector<HTMLTextAreaElement>(selector)!;
    found("[data-slot=context]").value = context;
    found("[name=patch]").value = patch;
    startEditor(document);
    return { context: found("[data-slot=context]"), patch: found("[name=patch]"), list: found("[data-slot=changes]") };
  }
  const type = (field: HTMLTextAreaElement, value: string): void => {
    field.value = value;
    field.dispatchEvent(new Event("input"));
  };

  test("a change becomes a patch and a line", () => {
    const { context, patch, list } = editor('{"a": 1, "b": 2}');
    type(context, '{"a": 1, "b": 3}');
    expect(JSON.parse(patch.value)).toEqual({ b: 3 });
    expect(list.textContent).toBe("b 2 3");
    type(context, '{"a": 1, "b": 2}');
    expect(patch.value).toBe("");
    expect(list.childElementCount).toBe(0);
  });

  test("what is no JSON keeps the form from being sent, and the last patch", () => {
    const { context, patch } = editor('{"a": 1}');
    type(context, '{"a": 2}');
    type(context, '{"a": 2');
    expect(context.validationMessage).toContain("not JSON yet");
    expect(JSON.parse(patch.value)).toEqual({ a: 2 });
    type(context, "[1]");
    expect(context.validationMessage).toContain("must be a JSON object");
    type(context, '{"a": 3}');
    expect(context.validationMessage).toBe("");
  });

  test("a patch that was sent back is laid over the context again, and text goes in as text", () => {
    const { context, list } = editor('{"a": 1}', '{"a": "<b>x</b>"}');
    expect(JSON.parse(context.value)).toEqual({ a: "<b>x</b>" });
    expect(list.querySelector("b")).toBeNull();
  });
});
