/** Marks and sentences about an assumed failure. */
import { describe, expect, it } from "vitest";
import { catchesAll, catchText, consequenceText, earlierText, markAt, marksOf, OUTSIDE, reachText, type OuterPlan, type WhatIfPlan } from "../../../src/graph/whatIf/whatIf";

const PLAN: WhatIfPlan = {
  step: "ship", answer: "compensate", order: "sequential", own: "cancel_shipment",
  undo: [{ step: "charge", worker: "refund", place: 1, sure: true }, { step: "reserve", worker: "release", place: 2, sure: false }],
  remains: [{ step: "mail", reason: "irreversible", sure: true }, { step: "log", reason: "unstated", sure: false }],
  harmless: [{ step: "read", sure: true }], maybe: ["beside"], catches: [], earlier: null, around: [],
};

describe("marks", () => {
  it("number the undos and name what remains", () => {
    const texts = Object.fromEntries([...marksOf(PLAN)].map(([step, { is, text }]) => [step, [is, text]]));
    expect(texts).toEqual({
      ship: ["failing", "Fails"], charge: ["undo", "Undo 1"], reserve: ["undo", "Undo 2, if it ran"],
      mail: ["remains", "Remains"], log: ["remains", "Remains: no undo, if it ran"],
      read: ["harmless", "Nothing"], beside: ["maybe", "Perhaps"],
    });
  });
});

describe("a failure that is caught", () => {
  const catches = [{ to: "later", errors: ["payment.*", "timeout"], when: "context.late", leads_to: ["later", "mail"] }];
  it("goes on where it leads", () => expect(marksOf({ ...PLAN, remains: [], catches }).get("mail")).toEqual({ is: "caught", text: "Goes on" }));
  it("is named", () => {
    expect(catchText(catches[0]!)).toBe("If it fails with payment.* or timeout and context.late");
    expect(catchesAll(catches)).toBe(false);
    expect(catchesAll([...catches, { ...catches[0]!, errors: [], when: null }])).toBe(true);
  });
});

describe("a failure in a body", () => {
  const NOTHING = { ...PLAN, undo: [], remains: [], harmless: [], maybe: [] };
  const around: OuterPlan = { ...NOTHING, step: "pack", undo: [{ step: "charge", worker: "refund", place: 2, sure: true }], harmless: [{ step: "read", sure: true }], earlier: "turns", unless: ["retried", "tolerated"] };
  const marks = marksOf({ ...NOTHING, step: "pack/label", undo: [{ step: "pack/weigh", worker: "unweigh", place: 1, sure: true }], around: [around] });

  it("marks the steps around too, in one line of undos", () => {
    expect(Object.fromEntries([...marks].map(([step, { text }]) => [step, text]))).toEqual({
      "pack/label": "Fails", "pack/weigh": "Undo 1", pack: "Fails", charge: "Undo 2", read: "Nothing",
    });
  });

  it("leaves steps within a marked one to its fate, and others out", () => {
    expect(markAt(marks, "charge/inner/deep")).toEqual({ is: "undo", text: "" });
    expect(markAt(marks, "pack/other")).toBe(OUTSIDE);
    expect(markAt(marks, "elsewhere")).toBe(OUTSIDE);
  });

  it("is told from step to step", () => {
    expect(reachText(around)).toBe("So its body has failed, and pack fails too, if it is not tried again and more has failed than it tolerates.");
    expect(reachText({ ...around, unless: [] })).toBe("So its body has failed, and pack fails too.");
    expect(earlierText(around)).toContain("the last one first");
    expect(earlierText({ ...around, earlier: "items" })).toContain("items");
    expect(earlierText({ ...around, earlier: null })).toBe("");
  });
});

describe("sentences", () => {
  const text = (fields: Partial<WhatIfPlan>): string => consequenceText({ ...PLAN, ...fields });
  it("say what happens by itself", () => {
    expect(text({})).toBe("2 undos follow, the last step first.");
    expect(text({ undo: PLAN.undo.slice(0, 1) })).toMatch(/^1 undo follows/);
    expect(text({ answer: "continue" })).toContain("goes on without ship");
    expect(text({ answer: "pause" })).toMatch(/^A person is asked\. Should they give up: 2 undos/);
    expect(text({ answer: "pivot" })).toContain("point of no return");
  });
  it("tell nothing to undo from what cannot be undone", () => {
    expect(text({ undo: [] })).toContain("can be undone");
    expect(text({ undo: [], remains: [], maybe: [] })).toContain("nothing to undo");
  });
});
