/** Journals of real runs: what the page makes of them is what the server stored. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { applyFrames } from "../../../src/run/model/apply";
import { describe as say } from "../../../src/run/model/describe";
import { parseFrame } from "../../../src/run/model/frame";
import { newRun, type StepState } from "../../../src/run/model/state";

const FOLDER = join(import.meta.dirname, "../../../../../tests/contract/journals");

interface Stored {
  status: string;
  undo: string;
  attempts: number;
  undo_attempts: number;
  added_by: string | null;
  items?: { total: number; done: number; failed: number; open?: number };
}

interface Journal {
  names: string[];
  status: string;
  steps: Record<string, Stored>;
  frames: unknown[];
}

const stored = ({ status, undo, attempt, undoAttempt, addedBy, items }: StepState): Stored => ({
  status, undo, attempts: attempt, undo_attempts: undoAttempt, added_by: addedBy,
  ...(items && { items: { total: items.total, done: items.counts.completed ?? 0, failed: items.failing.size } }),
});

describe.each(readdirSync(FOLDER))("the journal %s", (file) => {
  const journal = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Journal;
  const frames = journal.frames.map((frame) => parseFrame(JSON.stringify(frame))!);
  const state = applyFrames(newRun(journal.names), frames);

  it("leads to the stored state", () => {
    expect(state.status).toBe(journal.status);
    expect(new Set(state.order)).toEqual(new Set(Object.keys(journal.steps)));
    for (const [name, expected] of Object.entries(journal.steps)) {
      if (expected.items) delete expected.items.open;
      expect({ [name]: stored(state.steps.get(name)!) }).toEqual({ [name]: expected });
    }
  });

  it("is told in words", () => {
    for (const frame of frames) expect(say(frame).what).not.toContain(".");
  });
});
