import { describe, expect, test } from "vitest";
import { caseFrame, paintCount } from "../src/cases/count";
import { delay } from "../src/ui/socket";

describe("the count in the header", () => {
  test("frames without an event or a number are none", () => {
    expect(caseFrame({ event: "intervention.opened", open: 3, id: 7 })?.open).toBe(3);
    for (const data of [null, 7, "x", {}, { event: "x" }, { open: 1 }, { event: 1, open: 1 }]) {
      expect(caseFrame(data)).toBeNull();
    }
  });

  test("is painted as text and as data", () => {
    document.body.innerHTML = '<a data-open-cases="0"><span data-slot="count">0</span></a>';
    const link = document.querySelector<HTMLElement>("a")!;
    paintCount(link, 12);
    expect(link.dataset.openCases).toBe("12");
    expect(link.textContent).toBe("12");
  });
});

test("a lost socket is tried again later and later, up to half a minute", () => {
  expect([0, 1, 2, 3].map((tries) => delay(tries, () => 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(delay(20, () => 1)).toBe(30_000);
  expect(delay(0, () => 0)).toBe(500);
});
