/** What is said of a forecast, and when nothing is. */
import { describe, expect, it } from "vitest";
import type { Basis } from "../../../src/graph/forecast/basis";
import type { Figures } from "../../../src/graph/forecast/forecast";
import { basisText, differenceText, doubtTexts, editText, percent, reallyText, silenceText } from "../../../src/graph/forecast/words";
import { catalogOf } from "../../../src/graph/model/catalog";
import type { Document, Step } from "../../../src/graph/model/document";

const FIGURES: Figures = { samples: 10_000, p50Ms: 4000, p95Ms: 12_000, rolledBack: 0.021, failed: 0, asked: 0, steps: [] };
const BASIS: Basis = { least: 20, runs: 1240, versions: [5, 4], whole: { ends: { completed: 1240 }, ms: { 192: 1240 }, rolled_back: 31 }, steps: {}, workers: {} };
const NO_WORKERS = catalogOf([]);
const charge: Step = { name: "charge", worker: "act", retry: { max_attempts: 3 } };
const PUBLISHED: Document = { name: "w", steps: [charge, { name: "ship", worker: "act" }], edges: [{ from: "charge", to: "ship" }] };
const withStep = (step: Step): Document => ({ ...PUBLISHED, steps: [step, ...(PUBLISHED.steps as Step[]).slice(1)] });
const edit = (draft: Document): string => editText(draft, PUBLISHED, NO_WORKERS);

describe("shares", () => {
  it.each([[0, "0 %"], [0.0004, "under 0.1 %"], [0.007, "0.7 %"], [0.021, "2.1 %"], [0.03, "3 %"], [0.0996, "10 %"], [0.124, "12 %"], [1, "100 %"]])("%s", (share, text) => expect(percent(share)).toBe(text));
});

describe("what it rests on", () => {
  it("is silent below the least number of runs", () => {
    expect(silenceText({ ...BASIS, runs: 7 })).toBe("A forecast needs 20 runs that have ended. There are 7.");
    expect(silenceText({ ...BASIS, runs: 1 })).toBe("A forecast needs 20 runs that have ended. There is 1.");
    expect(silenceText({ ...BASIS, runs: 20 })).toBe("");
  });

  it("is said with the versions", () => expect(basisText(BASIS, FIGURES)).toBe(`From ${(1240).toLocaleString()} ended runs of versions 4, 5, by ${(10_000).toLocaleString()} samples.`));

  it("is said with what these runs came to", () => expect(reallyText(BASIS)).toBe("Those runs: half took at most 4.2 s, 95 of 100 at most 4.3 s; 2.5 % rolled back, 0 % asked a person."));
});

describe("an edit", () => {
  it("of one step is named", () => {
    expect(edit(withStep({ ...charge, retry: { max_attempts: 5 } }))).toBe("charge: 5 attempts instead of 3");
    expect(edit(withStep({ ...charge, timeout: 30 }))).toBe("charge: a timeout of 30 s instead of 5 min");
    expect(edit(withStep({ ...charge, worker: "other" }))).toBe("charge: other instead of act");
    expect(edit(withStep({ ...charge, when: "input.x" }))).toBe("charge: changed");
  });

  it("that adds or removes a step, or changes several, is told", () => {
    expect(edit({ ...PUBLISHED, steps: [...(PUBLISHED.steps as Step[]), { name: "mail" }] })).toBe("With mail");
    expect(edit({ ...PUBLISHED, steps: [charge] })).toBe("Without ship");
    expect(edit({ ...PUBLISHED, steps: [{ ...charge, timeout: 1 }, { name: "mail" }] })).toBe("The draft, with 3 steps changed");
    expect(edit({ ...PUBLISHED, edges: [] })).toBe("The draft");
  });

  it("of titles and places is none", () => {
    expect(edit(withStep({ ...charge, title: "Charge", notes: "!" }))).toBe("The draft");
    expect(edit({ ...PUBLISHED, layout: { charge: [1, 2] }, title: "W" })).toBe("");
  });

  it("is told with its difference, in one sentence", () => {
    const after = { ...FIGURES, rolledBack: 0.007, p95Ms: 15_000 };
    expect(differenceText("charge: 5 attempts instead of 3", FIGURES, after)).toBe("charge: 5 attempts instead of 3: rollbacks 2.1 → 0.7 %, p95 +3 s.");
    expect(differenceText("The draft", FIGURES, { ...FIGURES, p50Ms: 3000, asked: 0.02 })).toBe("The draft: questions to a person 0 → 2 %, p50 −1 s.");
    expect(differenceText("The draft", FIGURES, { ...FIGURES, p95Ms: 12_050 })).toBe("The draft: no difference to speak of.");
    expect(differenceText("", FIGURES, after)).toBe("");
  });
});

describe("doubts", () => {
  const NONE = { unknown: [], few: [], elsewhere: [], branches: [], guards: [] };

  it("are named", () => {
    expect(doubtTexts({ unknown: ["a"], few: ["b"], elsewhere: [{ step: "c", worker: "act", workflows: ["other"] }], branches: ["d"], guards: ["e"] }, BASIS)).toEqual([
      "Left out, as there are no figures: a. They count as if they took no time and never failed.",
      "From fewer than 20 attempts: b.",
      "c is assumed to behave as act does in other.",
      "Branches behind d are assumed to be equally frequent.",
      "Assumed never to be skipped: e.",
    ]);
    expect(doubtTexts({ ...NONE, unknown: ["a", "b", "c", "d", "e", "f"] }, BASIS)[0]).toContain("a, b, c, d, e and 1 more");
  });

  it("include the time of people that nobody knows", () => {
    expect(doubtTexts(NONE, { ...BASIS, whole: { asked: 3 } })).toEqual(["How long people take to answer is not known yet, and left out."]);
    expect(doubtTexts(NONE, BASIS)).toEqual([]);
  });
});
