/** Delays of a socket that reconnects. */
import { expect, test } from "vitest";
import { delay } from "../../src/shared/socket";

test("a lost socket is tried again later and later, up to half a minute", () => {
  expect([0, 1, 2, 3].map((tries) => delay(tries, () => 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(delay(20, () => 1)).toBe(30_000);
  expect(delay(0, () => 0)).toBe(500);
});
