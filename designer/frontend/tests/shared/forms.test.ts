/** Refused forms: the first field with an error takes the focus. */
import { expect, it } from "vitest";
import { focusProblem } from "../../src/shared/forms";

it("focuses the first field with an error, opens what hides it, and describes it", () => {
  document.body.innerHTML = `<form><div class="notice" role="alert">Not saved.</div>
    <div class="field"><input id="a"></div>
    <details><summary>More</summary><div class="field"><textarea id="b" aria-describedby="help"></textarea><p class="field-error"><span>Too long.</span></p></div></details></form>`;
  focusProblem(document);
  const field = document.querySelector<HTMLElement>("#b")!;
  expect(document.activeElement).toBe(field);
  expect(document.querySelector("details")!.open).toBe(true);
  expect(field.getAttribute("aria-invalid")).toBe("true");
  const ids = field.getAttribute("aria-describedby")!.split(" ");
  expect(ids[0]).toBe("help");
  expect(document.getElementById(ids[1]!)?.textContent).toBe("Too long.");
});

it("focuses what is said about the whole form where no field is at fault", () => {
  document.body.innerHTML = '<form><div class="notice" role="alert">Choose one.</div><div class="field"><input></div></form>';
  focusProblem(document);
  expect(document.activeElement?.textContent).toBe("Choose one.");
});

it("leaves the focus alone where nothing was refused", () => {
  document.body.innerHTML = '<form><input id="a"><p class="field-error" hidden></p></form><p class="field-error">Of no form.</p>';
  document.querySelector<HTMLElement>("#a")!.focus();
  focusProblem(document);
  expect(document.activeElement?.id).toBe("a");
});
