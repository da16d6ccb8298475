/** Times of a filter. */
import { expect, test } from "vitest";
import { localText, zonedText } from "../../src/lists/times";

test("times of a filter go to the reader's zone and back", () => {
  const iso = new Date(2026, 2, 1, 12, 30).toISOString();
  expect(localText(iso)).toBe("2026-03-01T12:30");
  expect(zonedText("2026-03-01T12:30")).toBe(iso);
  expect([localText(""), localText("x"), zonedText("")]).toEqual(["", "", ""]);
});
