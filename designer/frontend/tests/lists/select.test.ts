/** Choosing many rows. */
import { beforeEach, describe, expect, test } from "vitest";
import { Selection } from "../../src/lists/select";

describe("choosing rows", () => {
  let form: HTMLFormElement;
  const boxes = (): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>("input[name=runs]")];
  const chosen = (): string[] => boxes().filter((box) => box.checked).map((box) => box.value);
  const said = (): string => form.querySelector("[data-slot=chosen]")?.textContent ?? "";

  beforeEach(() => {
    document.body.innerHTML = `<form><input type="checkbox" data-action="page">
      ${[1, 2, 3, 4].map((id) => `<input type="checkbox" name="runs" value="${id}">`).join("")}
      <strong data-slot="chosen"></strong><input type="checkbox" name="all"><button type="button" data-action="clear"></button></form>`;
    form = document.querySelector("form")!;
    new Selection(form);
  });

  test("counts, takes a whole page, and drops it with Escape", () => {
    boxes()[1]?.click();
    expect([chosen(), said()]).toEqual([["2"], "1 chosen"]);
    const whole = form.querySelector<HTMLInputElement>("[data-action=page]")!;
    expect(whole.indeterminate).toBe(true);
    whole.click();
    expect([chosen().length, said(), whole.checked]).toEqual([4, "4 chosen", true]);
    form.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect([chosen(), said()]).toEqual([[], ""]);
  });

  test("takes a range with Shift", () => {
    boxes()[3]?.click();
    boxes()[1]!.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    expect(chosen()).toEqual(["2", "3", "4"]);
  });

  test("all that match holds only while the whole page is chosen", () => {
    form.querySelector<HTMLInputElement>("[name=all]")!.click();
    expect([chosen().length, said()]).toEqual([4, "All that match are chosen"]);
    boxes()[0]?.click();
    expect(said()).toBe("3 chosen");
  });
});
