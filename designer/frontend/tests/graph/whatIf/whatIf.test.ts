/** Marks and sentences about an assumed failure. */
import { describe, expect, it } from "vitest";
import { catchesAll, catchText, consequenceText, marksOf, type WhatIfPlan } from "../../../src/graph/whatIf/whatIf";

const PLAN: WhatIfPlan = {
  step: "ship", answer: "compensate", order: "sequential", own: "cancel_shipment",
  undo: [{ step: "charge", worker: "refund", place: 1, sure: true }, { step: "reserve", worker: "release", place: 2, sure: false }],
  remains: [{ step: "mail", reason: "irreversible", sure: true }, { step: "log", reason: "unstated", sure: false }],
  harmless: [{ step: "read", sure: true }], maybe: ["beside"], catches: [],
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
