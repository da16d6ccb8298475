/** Past runs that values are taken from. */
import { describe, expect, it } from "vitest";
import { pastRunText } from "../../../src/editor/model/pastRuns";

describe("sources of values", () => {
  it("say what they are", () => {
    const pastRun = { id: "1", status: "compensated", trial: true, created_at: "2026-01-31T09:00:00Z" };
    expect(pastRunText(pastRun)).toMatch(/^the trial of .* \(compensated\)$/);
  });
});
