/** Rows that come and go while the focus is among them. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Parts } from "../../src/shared/parts";

const list = (...keys: string[]): string =>
  `<div data-part="inbox"><ul data-rows>${keys.map((key) => `<li data-key="${key}"><a href="#${key}">${key}</a><button>Approve ${key}</button></li>`).join("")}</ul></div>`;

function serve(html: string): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(html, { status: 200 })));
}

async function refreshed(parts: Parts): Promise<void> {
  parts.refreshSoon(0);
  await vi.advanceTimersByTimeAsync(2_000);
}

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = `<main id="main" tabindex="-1">${list("a", "b", "c")}</main>`;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const focused = (): string => document.activeElement?.textContent ?? "";

it("keeps the focus on the same control of the same row", async () => {
  document.querySelectorAll("button")[1]!.focus();
  serve(list("new", "a", "b"));
  await refreshed(new Parts(document.body, "/inbox/"));
  expect(focused()).toBe("Approve b");
  expect([...document.querySelectorAll("a")].map((link) => link.textContent)).toEqual(["new", "a", "b"]);
});

it("moves it to the row that takes the place of one that has gone, and to the page when none is left", async () => {
  const parts = new Parts(document.body, "/inbox/");
  document.querySelectorAll("button")[1]!.focus();
  serve(list("a", "c"));
  await refreshed(parts);
  expect(focused()).toBe("c");
  serve('<div data-part="inbox"><p>Nobody is needed</p></div>');
  await refreshed(parts);
  expect(document.activeElement?.id).toBe("main");
});

it("leaves a part alone in which somebody works outside of rows", async () => {
  document.body.innerHTML = '<div data-part="inbox"><input><p>old</p></div>';
  document.querySelector("input")!.focus();
  const parts = new Parts(document.body, "/inbox/");
  const left = vi.fn();
  parts.onLeft = left;
  serve('<div data-part="inbox"><input><p>new</p></div>');
  await refreshed(parts);
  expect(left).toHaveBeenCalledOnce();
  expect(document.body.textContent).toContain("old");
});
