/** Places on a line of time. */
import { describe, expect, it } from "vitest";
import { marksOf, MARKS_MAX, placeOf } from "../../../src/run/model/scale";

describe("scale", () => {
  const scale = { from: 1_000, to: 11_000 };

  it("bounds places", () => {
    expect([0, 1_000, 6_000, 99_000].map((at) => placeOf(scale, at))).toEqual([0, 0, 0.5, 1]);
    expect(placeOf({ from: 5, to: 5 }, 5)).toBe(0);
  });

  it("marks round times, of a long line only those in sight", () => {
    expect(marksOf(scale, 5)).toEqual([0, 2_000, 4_000, 6_000, 8_000]);
    const near = marksOf(scale, 10_000, { from: 0.5, to: 0.501 });
    expect(near[0]).toBe(5_000);
    expect(near.length).toBeLessThan(15);
    expect(marksOf({ from: 0, to: 400 * 86_400_000 }, 10)[1]).toBe(40 * 86_400_000);
    expect(marksOf(scale, 1_000_000).length).toBeLessThanOrEqual(MARKS_MAX + 1);
  });
});
