import { describe, expect, test } from "vitest";
import { isEmpty, restingValue, rows, stacked, summary, tickText, valueText, type Chart } from "../../src/charts/data";

const HOUR = 3_600;
const NOON = new Date(2026, 2, 1, 12).getTime() / 1_000;

function chart(kind: Chart["kind"], unit: string, ...series: (number | null)[][]): Chart {
  return {
    kind, unit, step_s: HOUR,
    times: (series[0] ?? []).map((_, place) => NOON + place * HOUR),
    series: series.map((values, place) => ({ label: `S${place}`, tone: "go", dashed: false, values })),
  };
}

describe("a chart as data", () => {
  test("stacks each series on those before it", () => {
    expect(stacked(chart("stacked", "runs", [1, 0, 2], [3, null, 1]))).toEqual([[1, 0, 2], [4, 0, 3]]);
  });

  test.each([
    [chart("stacked", "runs", [0, 0]), true],
    [chart("stacked", "runs", [0, 1]), false],
    [chart("lines", "ms", [null, null]), true],
    [chart("lines", "", [null, 0]), false],
    [chart("lines", ""), true],
  ])("knows whether there is anything to draw: %#", (given, is) => {
    expect(isEmpty(given)).toBe(is);
  });

  test("rests on the sum of bars and on the newest value of lines", () => {
    const bars = chart("stacked", "runs", [1, 2]);
    expect(restingValue(bars, bars.series[0]!)).toBe(3);
    const lines = chart("lines", "ms", [5, 1_500, null]);
    expect(restingValue(lines, lines.series[0]!)).toBe(1_500);
    expect(summary("Took", lines)).toBe("Took, lately: S0: 1.5 s");
    expect(summary("Runs", bars)).toBe("Runs, in all: S0: 3");
    expect(summary("Runs", chart("stacked", "runs", [0]))).toBe("Runs: nothing yet");
  });

  test("is a table, the newest first, without times at which there was nothing", () => {
    const found = rows(chart("stacked", "runs", [1, 0, 2], [0, 0, 1_000]), new Date(2026, 2, 1, 20));
    expect(found.map(([, ...values]) => values)).toEqual([["2", (1_000).toLocaleString()], ["1", "0"]]);
    expect(found[0]?.[0]).toContain("14:00");
  });

  test("says values in their unit", () => {
    expect([valueText(null, "ms"), valueText(41, "ms"), valueText(7, "")]).toEqual(["–", "41 ms", "7"]);
  });

  test("marks days at midnight and times of day between", () => {
    expect(tickText(NOON, HOUR)).toBe("12:00");
    expect(tickText(new Date(2026, 2, 2).getTime() / 1_000, HOUR)).toMatch(/2/);
    expect(tickText(NOON, 86_400)).not.toContain(":");
  });
});
