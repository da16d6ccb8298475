/** Times, durations and ages in words. */
import { describe, expect, it } from "vitest";
import { ago, duration, fillTime, localText, short, zonedText } from "../../src/shared/time";

describe("times", () => {
  it.each([
    [0, "0 ms"], [41.4, "41 ms"], [1_200, "1.2 s"], [30_000, "30 s"], [59_949, "59.9 s"], [59_960, "1 min"], [125_000, "2 min 5 s"],
    [3_600_000, "1 h"], [3_780_000, "1 h 3 min"], [187_200_000, "2 d 4 h"],
  ])("%i ms is %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it("name the day unless it is today", () => {
    const now = new Date(2026, 10, 22, 12);
    expect(short(new Date(2026, 10, 22, 9, 5), now)).not.toContain("22");
    expect(short(new Date(2026, 10, 21, 9, 5), now)).toContain("21");
    expect(short(new Date(2025, 10, 21, 9, 5), now)).toContain("2025");
  });

  it("keep the exact value on hover, and leave alone what is no time", () => {
    const time = document.createElement("time");
    fillTime(time, "2026-11-22T20:32:01.123456Z");
    expect(time.dateTime).toBe("2026-11-22T20:32:01.123456Z");
    expect(time.title).toContain("2026");
    fillTime(time, "soon");
    expect(time.dateTime).toBe("2026-11-22T20:32:01.123456Z");
  });
});

it.each([
  [0, "just now"], [12, "12 s ago"], [60, "1 min ago"], [7_199, "1 h ago"], [200_000, "2 d ago"],
])("%d seconds are %s", (seconds, words) => {
  const now = new Date(2026, 2, 1, 12);
  expect(ago(new Date(now.getTime() - seconds * 1_000), now)).toBe(words);
});

it("of a field go to the reader's zone and back", () => {
  const iso = new Date(2026, 2, 1, 12, 30).toISOString();
  expect(localText(iso)).toBe("2026-03-01T12:30");
  expect(zonedText("2026-03-01T12:30")).toBe(iso);
  expect(localText("2026-03-01T12:30:07Z", true)).toMatch(/^2026-0[23]-\d\dT\d\d:\d\d:07$/);
  expect([localText(""), localText("x"), zonedText("")]).toEqual(["", "", ""]);
});
