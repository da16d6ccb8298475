/** The count of what waits for a person. */
import { describe, expect, test } from "vitest";
import { inboxFrame, interventionFrame, paintCount } from "../../src/interventions/inboxCount";

describe("the count in the header", () => {
  test("frames without an event or a number are none", () => {
    expect(interventionFrame({ event: "intervention.opened", open: 3, id: 7 })?.open).toBe(3);
    expect(inboxFrame({ event: "inbox", waiting: 3, is_more: false })?.waiting).toBe(3);
    for (const data of [null, 7, "x", {}, { event: "x" }, { open: 1 }, { event: 1, open: 1 }, { event: "inbox", waiting: 1 }]) {
      expect(interventionFrame(data)).toBeNull();
      expect(inboxFrame(data)).toBeNull();
    }
  });

  test("is painted everywhere on the page and in its title, and hidden at none", () => {
    document.body.innerHTML = '<nav><a>Inbox<span data-slot="inbox-count" hidden>0</span></a></nav><nav><span data-slot="inbox-count" hidden>0</span></nav>';
    document.title = "Home · Sagaboard";
    const places = [...document.querySelectorAll<HTMLElement>("[data-slot=inbox-count]")];
    paintCount(document, { event: "inbox", waiting: 12, is_more: false });
    expect(places.map((place) => [place.textContent, place.hidden])).toEqual([["12", false], ["12", false]]);
    expect(document.title).toBe("(12) Home · Sagaboard");
    paintCount(document, { event: "inbox", waiting: 1_000, is_more: true });
    expect(document.title).toBe("(1,000+) Home · Sagaboard");
    paintCount(document, { event: "inbox", waiting: 0, is_more: false });
    expect(places.every((place) => place.hidden)).toBe(true);
    expect(document.title).toBe("Home · Sagaboard");
  });
});
