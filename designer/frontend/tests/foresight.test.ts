/** What a failure would lead to: marks and sentences made of the server's answer. */
import { describe, expect, it } from "vitest";
import { beginsWith, marksOf, type Foreseen } from "../src/graph/foresight/foresight";

const FOUND: Foreseen = {
  step: "ship", answer: "compensate", order: "sequential", own: "cancel_shipment",
  undo: [{ step: "charge", worker: "refund", place: 1, sure: true }, { step: "reserve", worker: "release", place: 2, sure: false }],
  remains: [{ step: "mail", reason: "irreversible", sure: true }, { step: "log", reason: "unstated", sure: false }],
  harmless: [{ step: "read", sure: true }], maybe: ["beside"],
};

describe("marks", () => {
  it("number the undos and name what remains", () => {
    const texts = Object.fromEntries([...marksOf(FOUND)].map(([step, { is, text }]) => [step, [is, text]]));
    expect(texts).toEqual({
      ship: ["failing", "Fails"], charge: ["undo", "Undo 1"], reserve: ["undo", "Undo 2, if it ran"],
      mail: ["remains", "Remains"], log: ["remains", "Remains: no undo, if it ran"],
      read: ["harmless", "Nothing"], beside: ["maybe", "Perhaps"],
    });
  });
});

describe("sentences", () => {
  const says = (fields: Partial<Foreseen>): string => beginsWith({ ...FOUND, ...fields });
  it("say what happens by itself", () => {
    expect(says({})).toBe("2 undos follow, the last step first.");
    expect(says({ undo: FOUND.undo.slice(0, 1) })).toMatch(/^1 undo follows/);
    expect(says({ answer: "continue" })).toContain("goes on without ship");
    expect(says({ answer: "pause" })).toMatch(/^A person is asked\. Should they give up: 2 undos/);
    expect(says({ answer: "pivot" })).toContain("point of no return");
  });
  it("tell nothing to undo from what cannot be undone", () => {
    expect(says({ undo: [] })).toContain("can be undone");
    expect(says({ undo: [], remains: [], maybe: [] })).toContain("nothing to undo");
  });
});
