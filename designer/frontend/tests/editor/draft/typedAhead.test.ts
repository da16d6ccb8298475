/** Keys that are typed before a dialog is there. */
import { expect, it } from "vitest";
import { beginTyping, takeTyped } from "../../../src/editor/draft/typedAhead";

const press = (key: string, more: KeyboardEventInit = {}): boolean => dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true, ...more }));

it("keeps what is typed between the opening key and the field, and nothing after", () => {
  beginTyping();
  for (const key of ["a", "p", "x", "Backspace", "p"]) expect(press(key)).toBe(false);
  expect(press("z", { ctrlKey: true })).toBe(true);
  expect(press("Enter")).toBe(false);
  expect(takeTyped()).toEqual({ text: "app", isEntered: true });
  expect(press("q")).toBe(true);
  expect(takeTyped()).toEqual({ text: "", isEntered: false });
});
