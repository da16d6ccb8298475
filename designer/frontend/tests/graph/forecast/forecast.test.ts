// @vitest-environment node
/** Forecasts against what really happened to runs, and against what can be worked out by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { basisOf, type Basis, type Facts } from "../../../src/graph/forecast/basis";
import { forecast, SAMPLES, type Figures } from "../../../src/graph/forecast/forecast";
import { catalogOf } from "../../../src/graph/model/catalog";
import type { Document, Step } from "../../../src/graph/model/document";

interface Case {
  readonly document: Document;
  readonly basis: unknown;
  readonly really: { readonly p50_ms: number; readonly p95_ms: number; readonly rolled_back: number; readonly asked: number };
}
/** Ten thousand runs each, as `tests/contract/forecast_samples.py` made them by the engine's rules. */
const caseOf = (name: string): Case => JSON.parse(readFileSync(join(import.meta.dirname, `../../../../../tests/contract/forecast/${name}.json`), "utf8")) as Case;
const NO_WORKERS = catalogOf([]);

const at = (ms: number): string => String(Math.floor(16 * Math.log2(ms)));
/** Attempts that take about as long as stated, some of which fail. */
const tries = (ms: number, bad = 0, of = 1000): Facts => ({ reached: of, ended: of, own: { good: { [at(ms)]: of - bad }, ...(bad && { bad: { [at(ms)]: bad }, codes: { down: bad } }), first: { good: of - bad, bad } } });
const basis = (steps: Record<string, Facts>): Basis => ({ least: 20, runs: 1000, versions: [1], whole: {}, steps, workers: {} });
const known = (step: Step, facts: Facts): Facts => ({ what: `task:${step.worker as string}`, ...facts });
const NONE = { compensation: "none", retry: { max_attempts: 1 } };

function chain(...steps: Step[]): Document {
  return { schema: 1, name: "w", steps, edges: steps.slice(1).map((step, index) => ({ from: steps[index]!.name!, to: step.name! })) };
}

function figures(document: Document, facts: Record<string, Facts>): Figures {
  return forecast(document, NO_WORKERS, basis(facts), document)!.figures;
}

describe.each(["order", "paper"])("ten thousand runs of %s", (name) => {
  const { document, basis: counted, really } = caseOf(name);
  const { figures: told, doubts } = forecast(document, NO_WORKERS, basisOf(counted), document)!;

  it("take as long as forecast, within 5 %", () => {
    expect(told.samples).toBe(SAMPLES);
    expect(Math.abs(told.p50Ms / really.p50_ms - 1)).toBeLessThan(0.05);
    expect(Math.abs(told.p95Ms / really.p95_ms - 1)).toBeLessThan(0.05);
  });

  it("roll back as often as forecast, within 5 %", () => expect(Math.abs(told.rolledBack / really.rolled_back - 1)).toBeLessThan(0.05));

  it("ask a person as often as forecast", () => expect(Math.abs(told.asked - really.asked)).toBeLessThan(0.004));

  it("leave no doubt", () => expect(Object.values(doubts).flat()).toEqual([]));

  it("are forecast the same each time", () => expect(forecast(document, NO_WORKERS, basisOf(counted), document)!.figures).toEqual(told));
});

describe("an edit", () => {
  const { document, basis: counted } = caseOf("order");
  const edited = (name: string, fields: Step): Document => ({ ...document, steps: (document.steps as Step[]).map((step) => (step.name === name ? { ...step, ...fields } : step)) });
  const told = (of: Document): Figures => forecast(of, NO_WORKERS, basisOf(counted), document)!.figures;
  const before = told(document);

  it("to more attempts rolls back less, and takes longer", () => {
    const after = told(edited("reserve", { retry: { max_attempts: 5, initial: 1 } }));
    // One in five fails, and of its second attempts too: 4 % of two attempts fail, of five hardly any.
    expect(before.rolledBack - after.rolledBack).toBeGreaterThan(0.025);
    expect(after.p95Ms).toBeGreaterThan(before.p95Ms);
  });

  it("to no other attempt rolls back more", () => expect(told(edited("charge", { retry: { max_attempts: 1 } })).rolledBack - before.rolledBack).toBeGreaterThan(0.08));

  it("to a shorter timeout lets more attempts fail", () => expect(told(edited("book", { timeout: 6 })).rolledBack - before.rolledBack).toBeGreaterThan(0.03));

  it("of no consequence changes nothing", () => expect(told(edited("notify", { title: "Tell them" }))).toEqual(before));
});

describe("what can be worked out", () => {
  const [a, b, c] = ["a", "b", "c"].map((name): Step => ({ name, worker: name, ...NONE })) as [Step, Step, Step];

  it("steps in a row add up", () => expect(figures(chain(a, b), { a: known(a, tries(1000)), b: known(b, tries(3000)) }).p50Ms / 4000).toBeCloseTo(1, 1));

  it("of parallel branches the longest counts, and has the whole share", () => {
    const told = figures({ steps: [a, b, c], edges: [{ from: "a", to: "c" }, { from: "b", to: "c" }] }, { a: known(a, tries(1000)), b: known(b, tries(8000)), c: known(c, tries(1000)) });
    expect(told.p95Ms / 9000).toBeCloseTo(1, 1);
    expect(told.steps.map(({ name }) => name)).toEqual(["b", "c"]);
  });

  it("attempts multiply: one in ten, three times", () => {
    const step = { ...a, retry: { max_attempts: 3, initial: 1, factor: 2, jitter: 0 } };
    const told = figures(chain({ ...b, compensation: { worker: "undo" } }, step), { a: known(a, tries(1000, 316)), b: known(b, tries(10)) });
    expect(told.rolledBack).toBeCloseTo(0.0316, 2);
  });

  it("an error that no policy is for is not tried again", () => {
    const step = { ...a, retry: { max_attempts: 9, never: ["do*"] } };
    expect(figures(chain(step), { a: known(a, tries(1000, 200)) }).failed).toBeCloseTo(0.2, 1);
  });

  it("a caught failure goes on", () => {
    const document = { steps: [a, b], edges: [{ from: "a", to: "b", on: "failed", errors: ["do*"] }] };
    const told = figures(document, { a: known(a, tries(1000, 500)), b: known(b, tries(7000)) });
    expect([told.failed, told.rolledBack]).toEqual([0, 0]);
    expect(told.p95Ms / 8000).toBeCloseTo(1, 1);
  });

  it("past a pivot a person is asked, and before it nobody is", () => {
    const document = chain({ ...a, pivot: true }, b);
    expect(figures(document, { a: known(a, tries(10)), b: known(b, tries(10, 250)) }).asked).toBeCloseTo(0.25, 1);
    expect(figures(document, { a: known(a, tries(10, 250)), b: known(b, tries(10)) }).asked).toBe(0);
  });

  it("with on_failure pause a person is asked, whose time counts", () => {
    const facts = { ...tries(10, 500), person: { asked: 500, ms: { [at(60_000)]: 500 }, answers: { skip: 500 } } };
    const told = figures(chain({ ...a, on_failure: "pause" }), { a: known(a, facts) });
    expect(told.asked).toBeCloseTo(0.5, 1);
    expect(told.p95Ms / 60_000).toBeCloseTo(1, 1);
  });

  it("a timeout of the run ends it", () => expect(figures({ ...chain(a), timeout: 2 }, { a: known(a, tries(8000)) }).failed).toBe(1));

  it("a wait takes what it says, a group what its steps take, a loop its turns", () => {
    const group: Step = { name: "g", kind: "group", body: { steps: [a], edges: [] } };
    const loop: Step = { name: "l", kind: "loop", max_turns: 9, body: { steps: [b], edges: [] } };
    const told = figures(chain({ name: "w", kind: "wait", seconds: 5 }, group, loop), { "g/a": known(a, tries(1000)), "l/b": known(b, tries(2000)), l: { what: "loop:", reached: 99, items: { 3: 99 } } });
    expect(told.p50Ms / 12_000).toBeCloseTo(1, 1);
  });

  it("items go side by side as far as the window lets them", () => {
    const map: Step = { name: "m", kind: "map", worker: "a", items: "input", max_concurrency: 4, ...NONE };
    const facts = (count: number): Facts => ({ what: "map:a", reached: 99, items: { [count]: 99 }, item: { good: { [at(1000)]: 999 }, first: { good: 999 } } });
    expect(figures(chain(map), { m: facts(8) }).p50Ms / 2000).toBeCloseTo(1, 1);
    expect(figures(chain(map), { m: facts(4000) }).p50Ms / 1_000_000).toBeCloseTo(1, 1);
  });

  it("a guard, and branches, are taken as often as they were", () => {
    const document = { steps: [a, b, c], edges: [{ from: "a", to: "b", when: "input.x" }, { from: "a", to: "c", otherwise: true }] };
    const told = figures(document, { a: { ...known(a, tries(10)), taken: { b: 900, c: 100 } }, b: known(b, tries(10)), c: known(c, tries(10, 1000)) });
    expect(told.failed).toBeCloseTo(0.1, 1);
    expect(figures(chain({ ...a, when: "input.x" }), { a: { ...known(a, tries(10, 1000)), skipped: 3000 } }).failed).toBeCloseTo(0.25, 1);
  });
});

describe("without figures", () => {
  const step: Step = { name: "new", worker: "act", ...NONE };

  it("a step is named and left out", () => expect(forecast(chain(step), NO_WORKERS, basis({}), null)!.doubts.unknown).toEqual(["new"]));

  it("it is assumed to behave as its worker does elsewhere", () => {
    const elsewhere = { ...basis({}), workers: { act: { facts: tries(4000), workflows: ["other"] } } };
    const told = forecast(chain(step), NO_WORKERS, elsewhere, null)!;
    expect(told.doubts.elsewhere).toEqual([{ step: "new", worker: "act", workflows: ["other"] }]);
    expect(told.figures.p50Ms / 4000).toBeCloseTo(1, 1);
  });

  it("those of another worker by the same name do not count", () => expect(forecast(chain(step), NO_WORKERS, basis({ new: { what: "task:old", ...tries(9) } }), null)!.doubts.unknown).toEqual(["new"]));

  it("a circle has no forecast", () => expect(forecast({ steps: [step], edges: [{ from: "new", to: "new" }] }, NO_WORKERS, basis({}), null)).toBeNull());
});
