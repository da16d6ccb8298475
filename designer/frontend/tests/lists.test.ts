import { beforeEach, describe, expect, test } from "vitest";
import { isEnd, runFrame } from "../src/lists/frame";
import { paintRow } from "../src/lists/live";
import { Selection } from "../src/lists/select";
import { localText, zonedText } from "../src/lists/times";
import { Badges } from "../src/shared/badges";
import { ago } from "../src/shared/time";

const FRAME = { run: "a-1", workflow: "order", status: "failed", done: 3, total: 4, at: "2026-03-01T12:00:00Z" };

describe("frames of lists", () => {
  test.each([null, 7, {}, { run: 1, status: "x", done: 1, total: 1 }, { ...FRAME, done: "3" }])("%j is none", (data) => {
    expect(runFrame(data)).toBeNull();
  });

  test("paint the row of their run and no other", () => {
    document.body.innerHTML = `<table>${["a-1", "b-2"].map((id) => `<tr data-run="${id}"><td data-slot="status"></td>
      <td><progress max="4" value="1"></progress><span data-slot="steps">1 of 4</span></td></tr>`).join("")}</table>
      <template id="badges"><span class="status" data-badge="run-failed">Failed</span></template>`;
    const frame = runFrame(FRAME)!;
    paintRow(document, frame, Badges.of(document));
    const [first, second] = [...document.querySelectorAll("tr")];
    expect(first?.textContent?.replace(/\s+/g, " ").trim()).toBe("Failed 3 of 4");
    expect(first?.querySelector("progress")?.value).toBe(3);
    expect(second?.textContent).toContain("1 of 4");
    expect([isEnd(frame), isEnd({ ...frame, status: "blocked" })]).toEqual([true, false]);
  });
});

describe("choosing rows", () => {
  let form: HTMLFormElement;
  const boxes = (): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>("input[name=runs]")];
  const chosen = (): string[] => boxes().filter((box) => box.checked).map((box) => box.value);
  const said = (): string => form.querySelector("[data-slot=chosen]")?.textContent ?? "";

  beforeEach(() => {
    document.body.innerHTML = `<form><input type="checkbox" data-act="page">
      ${[1, 2, 3, 4].map((id) => `<input type="checkbox" name="runs" value="${id}">`).join("")}
      <strong data-slot="chosen"></strong><input type="checkbox" name="all"><button type="button" data-act="clear"></button></form>`;
    form = document.querySelector("form")!;
    new Selection(form);
  });

  test("counts, takes a whole page, and drops it with Escape", () => {
    boxes()[1]?.click();
    expect([chosen(), said()]).toEqual([["2"], "1 chosen"]);
    const whole = form.querySelector<HTMLInputElement>("[data-act=page]")!;
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

test.each([
  [0, "just now"], [12, "12 s ago"], [60, "1 min ago"], [7_199, "1 h ago"], [200_000, "2 d ago"],
])("%d seconds are %s", (seconds, words) => {
  const now = new Date(2026, 2, 1, 12);
  expect(ago(new Date(now.getTime() - seconds * 1_000), now)).toBe(words);
});

test("times of a filter go to the reader's zone and back", () => {
  const iso = new Date(2026, 2, 1, 12, 30).toISOString();
  expect(localText(iso)).toBe("2026-03-01T12:30");
  expect(zonedText("2026-03-01T12:30")).toBe(iso);
  expect([localText(""), localText("x"), zonedText("")]).toEqual(["", "", ""]);
});
