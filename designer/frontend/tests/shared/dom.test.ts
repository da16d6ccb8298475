/** Clicks before a page's scripts are loaded. */
import { expect, it } from "vitest";
import { keepClicks } from "../../src/shared/dom";

function buttons(): HTMLButtonElement[] {
  document.body.innerHTML = `<main data-page="run"><button type="button">a</button><button type="button">b</button>
    <button type="submit">c</button></main><button type="button">d</button>`;
  return [...document.querySelectorAll("button")];
}

it("makes a click again that came before the page's part had started, once", async () => {
  const heard: string[] = [];
  const [a, b, submit, elsewhere] = buttons();
  const started = keepClicks(document, async () => {
    await Promise.resolve();
    document.querySelector("main")!.addEventListener("click", ({ target }) => heard.push((target as HTMLElement).textContent));
  });
  for (const button of [a, b, submit, elsewhere]) button!.click();
  expect(heard).toEqual([]);
  await started;
  expect(heard).toEqual(["a", "b"]);
  a!.click();
  expect(heard).toEqual(["a", "b", "a"]);
});

it("forgets buttons that are gone, and gives the others back when a part cannot be loaded", async () => {
  const heard: string[] = [];
  const [a, b] = buttons();
  b!.addEventListener("click", () => heard.push("b"));
  const started = keepClicks(document, () => Promise.reject(new Error("not loaded")));
  a!.click();
  a!.remove();
  await expect(started).rejects.toThrow("not loaded");
  b!.click();
  expect(heard).toEqual(["b"]);
});
