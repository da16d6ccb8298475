/** Chance that is repeatable and even, and times as a histogram has them. */
import { describe, expect, it } from "vitest";
import { Chance, Shares, Times } from "../../../src/graph/forecast/chance";

describe("chance", () => {
  it("is the same for the same sample and step, and another one for others", () => {
    const drawn = (sample: number, step: number): number[] => {
      const chance = new Chance(1);
      chance.turnTo(sample, step);
      return [chance.next(), chance.next()];
    };
    expect(drawn(3, 4)).toEqual(drawn(3, 4));
    expect(new Set([drawn(3, 4)[0], drawn(4, 3)[0], drawn(3, 5)[0], drawn(3, 4)[1]]).size).toBe(4);
  });

  it("is even, also at the first draw of many streams", () => {
    const chance = new Chance(7);
    const tenths = new Array<number>(10).fill(0);
    for (let sample = 0; sample < 20_000; sample += 1) {
      chance.turnTo(sample, 5);
      const tenth = Math.floor(chance.next() * 10);
      tenths[tenth]! += 1;
    }
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(160);
  });
});

describe("times", () => {
  it("are those of the sizes, sixteen an octave", () => {
    const times = Times.of({ 160: 50, 176: 50 })!;
    expect(times.at(0.25) / 1024).toBeCloseTo(1, 1);
    expect(times.at(0.75) / 2048).toBeCloseTo(1, 1);
    expect(times.at(0)).toBeGreaterThanOrEqual(1024);
    expect(times.at(0.999999)).toBeLessThanOrEqual(2048 * 2 ** (1 / 16));
  });

  it("of nothing are none", () => expect([Times.of({}), Times.of(undefined), Shares.of({})]).toEqual([null, null, null]));
});

describe("shares", () => {
  it("choose as often as was counted", () => {
    const shares = Shares.of({ a: 1, b: 3 })!;
    expect([0, 0.24, 0.26, 0.99].map((luck) => shares.at(luck))).toEqual(["a", "a", "b", "b"]);
  });
});
