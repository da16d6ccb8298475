/** The journal by pages. */
import { expect, it, vi } from "vitest";
import type { Frame } from "../../../src/run/model/frame";
import { Journal, PAGE } from "../../../src/run/model/journal";

const entry = (seq: number): Frame => ({
  seq, type: seq % 2 ? "step.started" : "step.completed", step: `s${Math.ceil(seq / 2) % 40}`, attempt: 1,
  at: new Date(seq * 1_000).toISOString(), status: "running", data: {},
});

const server = (count: number) => vi.fn((after: number, limit: number) =>
  Promise.resolve(Array.from({ length: Math.min(limit, count - after) }, (_, place) => entry(after + place + 1))));

it("fetches only the pages that are asked for, and each once", async () => {
  const fetchPage = server(20_000);
  const journal = new Journal(fetchPage, 20_000);
  const [a, b] = await Promise.all([journal.range(9_999, 10_002), journal.range(10_001, 10_001)]);
  expect(a.map(({ seq }) => seq)).toEqual([9_999, 10_000, 10_001, 10_002]);
  expect(b[0]?.seq).toBe(10_001);
  expect(fetchPage.mock.calls.map(([after]) => after)).toEqual([9_500, 10_000]);
  expect(journal.size).toBe(2 * PAGE);
});

it("fills up a page whose end came live", async () => {
  const fetchPage = server(1_010);
  const journal = new Journal(fetchPage, 1_005);
  journal.add([1_006, 1_007, 1_008, 1_009, 1_010].map(entry));
  expect((await journal.range(1_001, 2_000)).map(({ seq }) => seq)).toEqual([1_001, 1_002, 1_003, 1_004, 1_005, 1_006, 1_007, 1_008, 1_009, 1_010]);
  expect(fetchPage).toHaveBeenCalledTimes(1);
});

it("tells of a server that sends less than it was asked for", async () => {
  const journal = new Journal(() => Promise.resolve([]), 10);
  await expect(journal.range(1, 10)).rejects.toThrow("Entry 1 could not be fetched.");
});
