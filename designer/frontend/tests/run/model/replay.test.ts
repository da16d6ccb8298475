/** A run at any number of its journal. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { applyFrames } from "../../../src/run/model/apply";
import { parseFrame, type Frame } from "../../../src/run/model/frame";
import { Journal, PAGE, PAGES_KEPT } from "../../../src/run/model/journal";
import { Replay, STATES_KEPT } from "../../../src/run/model/replay";
import { newRun } from "../../../src/run/model/state";

const FOLDER = join(import.meta.dirname, "../../../../../tests/contract/random");

const entry = (seq: number): Frame => ({
  seq, type: seq % 2 ? "step.started" : "step.completed", step: `s${Math.ceil(seq / 2) % 40}`, attempt: 1,
  at: new Date(seq * 1_000).toISOString(), status: "running", data: {},
});

const server = (count: number) => vi.fn((after: number, limit: number) =>
  Promise.resolve(Array.from({ length: Math.min(limit, count - after) }, (_, place) => entry(after + place + 1))));

const bulkOf = (frames: readonly Frame[], most = 5_000) => vi.fn((after: number, limit: number = most) => Promise.resolve(frames.slice(after, after + Math.min(limit, most))));

const NAMES = Array.from({ length: 40 }, (_, place) => `s${place}`);

it("keeps a bounded number of entries and of states, and stays true", async () => {
  const count = PAGE * (PAGES_KEPT + 20);
  const journal = new Journal(server(count), count);
  for (let seq = 1; seq <= count; seq += PAGE) await journal.range(seq, seq);
  expect(journal.size).toBeLessThanOrEqual(PAGE * PAGES_KEPT);
  const all = Array.from({ length: count }, (_, place) => entry(place + 1));
  const replay = new Replay(NAMES, journal, bulkOf(all));
  const end = await replay.at(count);
  expect((replay as unknown as { kept: Map<number, unknown> }).kept.size).toBeLessThanOrEqual(STATES_KEPT);
  expect(end.lastSeq).toBe(count);
  expect(await replay.at(12_345)).toEqual(applyFrames(newRun(NAMES), all.slice(0, 12_345)));
});

it("goes through the journal in bulk once, and any jump after that takes a page or two", async () => {
  const all = Array.from({ length: 20_000 }, (_, place) => entry(place + 1));
  const [fetchPage, fetchBulk] = [server(20_000), bulkOf(all)];
  const replay = new Replay(NAMES, new Journal(fetchPage, 20_000), fetchBulk);
  const told: number[] = [];
  await Promise.all([replay.reach(20_000), replay.at(15_003, (reached) => told.push(reached))]);
  expect(fetchBulk).toHaveBeenCalledTimes(4);
  expect(told).toEqual([5_000, 10_000]);
  for (const seq of [19_999, 3, 7_777, 500, 501, 0]) {
    fetchPage.mockClear();
    expect(await replay.at(seq)).toEqual(applyFrames(newRun(NAMES), all.slice(0, seq)));
    expect(fetchPage.mock.calls.length).toBeLessThanOrEqual(1);
  }
  expect(fetchBulk).toHaveBeenCalledTimes(4);
});

it("is true where states are far apart, and says when the server gives nothing", async () => {
  const all = Array.from({ length: 200_000 }, (_, place) => entry(place + 1));
  const [fetchPage, fetchBulk] = [server(200_000), bulkOf(all)];
  const replay = new Replay(NAMES, new Journal(fetchPage, 200_000), fetchBulk);
  await replay.reach(200_000);
  expect(await replay.at(123_456)).toEqual(applyFrames(newRun(NAMES), all.slice(0, 123_456)));
  expect(fetchPage.mock.calls.length).toBeLessThanOrEqual(2);
  await expect(new Replay(NAMES, new Journal(fetchPage, 20_000), () => Promise.resolve([])).at(9_000)).rejects.toThrow("Entry 1 could not be fetched.");
});

it.each(readdirSync(FOLDER))("is true wherever the slider is put, in any order: %s", async (file) => {
  const runs = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as { names: string[]; frames: unknown[] }[];
  for (const { names, frames: told } of runs) {
    const frames = told.map((frame) => parseFrame(JSON.stringify(frame))!);
    const journal = new Journal((after, limit) => Promise.resolve(frames.slice(after, after + limit)), frames.length);
    const replay = new Replay(names, journal, bulkOf(frames, 60));
    const jumps = frames.map((_, place) => (place * 7919) % (frames.length + 1));
    for (const seq of jumps) expect(await replay.at(seq)).toEqual(applyFrames(newRun(names), frames.slice(0, seq)));
  }
});
