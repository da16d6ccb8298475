/** Frames of live lists and the rows that they paint. */
import { describe, expect, test } from "vitest";
import { isEnd, runFrame } from "../../src/lists/frame";
import { paintRow } from "../../src/lists/live";
import { Badges } from "../../src/shared/badges";

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
    expect(first?.textContent.replace(/\s+/g, " ").trim()).toBe("Failed 3 of 4");
    expect(first?.querySelector("progress")?.value).toBe(3);
    expect(second?.textContent).toContain("1 of 4");
    expect([isEnd(frame), isEnd({ ...frame, status: "blocked" })]).toEqual([true, false]);
  });
});
