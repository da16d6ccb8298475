/** Random runs: what the page says, offers and draws at every entry is what the machine allows and the journal says. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { edgesOf, isErrorEdge, textOf, type Document } from "../../../src/graph/model/document";
import { wayOf } from "../../../src/graph/model/ways";
import { applyFrames } from "../../../src/run/model/apply";
import { parseFrame } from "../../../src/run/model/frame";
import { mayStill, situationOf, type Line, type Person } from "../../../src/run/model/situation";
import { fromSnapshot } from "../../../src/run/model/snapshot";
import { newRun, type RunState } from "../../../src/run/model/state";

const FOLDER = join(import.meta.dirname, "../../../../../tests/contract/random");
const OLGA: Person = { name: "olga", groups: [], isAdmin: true, mayOperate: true };

interface Facts {
  cancel: boolean;
  abandon: boolean;
  pause: boolean;
  resume: boolean;
  rerun: boolean;
  approvals: string[];
  signals: string[];
  interventions: Record<string, string[]>;
  edges: Record<string, [decided: number, taken: number]>;
}
type Changes = Record<string, unknown>;

interface Recorded {
  names: string[];
  document: Document;
  frames: unknown[];
  states: (Changes & { steps: Changes })[];
  facts: Partial<Facts>[];
}

const runs = readdirSync(FOLDER).flatMap((file) => {
  const all = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Recorded[];
  return all.map((run, place) => [`${file} ${place}`, run] as const);
});
const about = (lines: readonly Line[], kind: Line["about"]): string[] => lines.filter((line) => line.about === kind).map(({ name }) => name).sort();

function check(state: RunState, facts: Facts, document: Document): void {
  const lines = situationOf(state, OLGA, (step) => `undo_${step}`);
  expect(lines.length).toBeGreaterThan(0);
  expect(about(lines, "approval")).toEqual([...facts.approvals].sort());
  expect([...new Set(about(lines, "signal"))]).toEqual(facts.signals);
  expect(about(lines, "question")).toEqual(Object.keys(facts.interventions).sort());
  expect(about(lines, "end").length > 0).toBe(facts.rerun);
  expect(about(lines, "pause").length > 0).toBe(facts.resume);
  for (const { text } of lines) expect(text).toMatch(/^\S.*[.!?…]$|: [^]+$/);

  for (const act of ["cancel", "abandon", "pause", "resume", "rerun"] as const) expect([act, mayStill(state, act)]).toEqual([act, facts[act]]);
  for (const name of state.order) {
    expect([name, mayStill(state, `approval:${name}`)]).toEqual([name, facts.approvals.includes(name)]);
    expect([name, mayStill(state, `question:${name}`)]).toEqual([name, name in facts.interventions]);
  }
  for (const signal of ["paid", ...facts.signals]) expect(mayStill(state, `signal:${signal}`)).toBe(facts.signals.includes(signal));

  const counted = new Map<string, [number, number]>();
  for (const edge of edgesOf(document)) {
    const [from, to] = [state.steps.get(textOf(edge.from)), textOf(edge.to)];
    const way = wayOf(from, state.steps.get(to), to, isErrorEdge(edge));
    if (way === "open") continue;
    const [decided, taken] = counted.get(to) ?? [0, 0];
    counted.set(to, [decided + 1, taken + (way === "dead" ? 0 : 1)]);
  }
  expect(Object.fromEntries(counted)).toEqual(facts.edges);
}

describe("at every entry of a random run", () => {
  it.each(runs)("%s: sentence, operations and edges are true", (_, { names, document, frames, states, facts: changed }) => {
    let played = newRun(names);
    let [facts, stored] = [{ edges: {} } as Facts, { steps: {} } as Recorded["states"][number]];
    frames.forEach((frame, place) => {
      played = applyFrames(played, [parseFrame(JSON.stringify(frame))!]);
      facts = { ...facts, ...changed[place], edges: { ...facts.edges, ...changed[place]?.edges } };
      stored = { ...stored, ...states[place], steps: { ...stored.steps, ...states[place]?.steps } };
      check(played, facts, document);
      check(fromSnapshot(names, stored), facts, document);
    });
  });

  it("there are two hundred of them", () => {
    expect(runs.length).toBeGreaterThanOrEqual(200);
  });
});
