/** Random runs: at every number of the journal, the page's replay is the state that the server has there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { applyFrames } from "../../../src/run/model/apply";
import { parseFrame } from "../../../src/run/model/frame";
import { fromSnapshot } from "../../../src/run/model/snapshot";
import { newRun, type RunState, type StepState } from "../../../src/run/model/state";

const FOLDER = join(import.meta.dirname, "../../../../../tests/contract/random");

type Told = Record<string, unknown> & { steps: Record<string, unknown> };

interface Recorded {
  names: string[];
  frames: unknown[];
  states: Told[];
}

/** What a page shows of a run, without what only the journal tells: progress, and when a step is looked at next. */
const shown = ({ order: _, steps, ...run }: RunState): unknown => ({ ...run, steps: Object.fromEntries([...steps].map(([name, step]) => [name, shownStep(step)])) });
const shownStep = ({ progress: _, dueAt, ...step }: StepState): unknown => {
  const isDue = step.status === "retrying" || step.status === "waiting";
  return { ...step, dueAt: isDue && dueAt ? Date.parse(dueAt) : null, waits: step.status === "waiting" ? step.waits : null };
};

describe.each(readdirSync(FOLDER))("the runs of %s", (file) => {
  const runs = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Recorded[];

  it.each(runs.map((run, place) => [place, run] as const))("%i is true at every number", (_, { names, frames: told, states }) => {
    const frames = told.map((frame) => parseFrame(JSON.stringify(frame))!);
    let stored: Told = { steps: {} };
    let played = newRun(names);
    states.forEach((change, place) => {
      stored = { ...stored, ...change, steps: { ...stored.steps, ...change.steps } };
      played = applyFrames(played, frames.slice(place, place + 1));
      const expected = fromSnapshot(names, stored);
      expect(shown(played), `after entry ${place + 1}: ${JSON.stringify(told[place])}`).toEqual(shown(expected));
    });
  });
});
