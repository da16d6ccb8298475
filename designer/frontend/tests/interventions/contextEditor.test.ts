/** The editor of a context. */
import { describe, expect, test } from "vitest";
import { startEditor } from "../../src/interventions/contextEditor";

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

  test("numbers that JavaScript cannot hold stay as they are, in lists that were edited too", () => {
    const rows = '{"rows": [{"account": 9007199254740993, "amount": 10.0}, {"account": 9007199254740995, "amount": 2.5}]}';
    const { context, patch, list } = editor(rows);
    type(context, rows.replace("2.5", "3.50"));
    expect(patch.value.replace(/\s/g, "")).toBe('{"rows":[{"account":9007199254740993,"amount":10.0},{"account":9007199254740995,"amount":3.50}]}');
    expect(list.textContent).toContain("9007199254740993");
    type(patch, '{"at": 1e22}');
    expect(context.value.replace(/\s/g, "")).toBe(rows.replace(/\s/g, "").replace(/}$/, ',"at":1e22}'));
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
