/** The count of open interventions. */
import { describe, expect, test } from "vitest";
import { interventionFrame, paintCount } from "../../src/interventions/openCount";

describe("the count in the header", () => {
  test("frames without an event or a number are none", () => {
    expect(interventionFrame({ event: "intervention.opened", open: 3, id: 7 })?.open).toBe(3);
    for (const data of [null, 7, "x", {}, { event: "x" }, { open: 1 }, { event: 1, open: 1 }]) {
      expect(interventionFrame(data)).toBeNull();
    }
  });

  test("is painted as text and as data", () => {
    document.body.innerHTML = '<a data-open-interventions="0"><span data-slot="count">0</span></a>';
    const link = document.querySelector<HTMLElement>("a")!;
    paintCount(link, 12);
    expect(link.dataset.openInterventions).toBe("12");
    expect(link.textContent).toBe("12");
  });
});
