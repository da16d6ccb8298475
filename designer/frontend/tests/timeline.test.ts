/** What the timeline draws: stretches of time from a step's entries, places on the line, and whose entries are kept. */
import { describe, expect, it } from "vitest";
import type { Frame } from "../src/run/model/frame";
import { Histories, STEPS_KEPT } from "../src/run/model/histories";
import { Journal as Pages } from "../src/run/model/journal";
import { marksOf, MARKS_MAX, placeOf } from "../src/run/model/scale";
import { saysSpan, saysTries, spansOf } from "../src/run/model/spans";
import { newStep } from "../src/run/model/state";
import { Journal } from "./frames";

const shape = (frames: readonly Frame[]) => spansOf(frames).map(({ kind, number, outcome }) => [kind, number, outcome].filter(Boolean).join(" "));

describe("spans", () => {
  it("tells attempts, waits between them and undos", () => {
    const journal = new Journal().add("step.queued", "a").add("step.started", "a", { attempt: 1 }).add("step.retry_scheduled", "a");
    journal.add("step.queued", "a").add("step.started", "a", { attempt: 2 }).add("step.progress", "a").add("step.completed", "a");
    journal.add("compensation.started", "a", { attempt: 1, data: { direction: "undo" } }).add("compensation.retry_scheduled", "a");
    journal.add("compensation.started", "a", { attempt: 2, data: { direction: "undo" } }).add("compensation.completed", "a");
    expect(shape(journal.frames)).toEqual([
      "queued", "attempt 1 retried", "delay", "queued", "attempt 2 completed", "undo 1 retried", "delay", "undo 2 completed",
    ]);
    expect(saysTries(spansOf(journal.frames))).toBe("2 attempts, 2 undo attempts");
  });

  it.each([
    ["a signal", { for: "signal", signal: "paid" }, "waits for the signal paid"],
    ["a person", { for: "approval" }, "waits for approval"],
    ["a child", { for: "child" }, "waits for its own run"],
    ["a time", { for: "time" }, "waits for its time"],
  ])("says what is waited for: %s", (_, data, words) => {
    expect(saysSpan(spansOf(new Journal().add("step.waiting", "a", { data }).frames)[0]!)).toBe(words);
  });

  it("lasts until somebody answers, and ends with a cancellation that only the run tells", () => {
    const journal = new Journal().add("step.started", "a", { attempt: 1 }).add("step.failed", "a").add("intervention.opened", "a");
    expect(spansOf(journal.frames).at(-1)).toMatchObject({ kind: "blocked", to: null });
    journal.add("intervention.answered", "a");
    expect(shape(journal.frames)).toEqual(["attempt 1 failed", "blocked answered"]);
    const queued = new Journal().add("step.queued", "b").frames;
    const cancelled = { ...newStep("b"), status: "cancelled" as const, finishedAt: "2030-01-01T00:00:00Z" };
    expect(spansOf(queued, cancelled)[0]).toMatchObject({ outcome: "cancelled", to: Date.parse("2030-01-01T00:00:00Z") });
  });
});

describe("scale", () => {
  const scale = { from: 1_000, to: 11_000 };

  it("bounds places", () => {
    expect([0, 1_000, 6_000, 99_000].map((at) => placeOf(scale, at))).toEqual([0, 0, 0.5, 1]);
    expect(placeOf({ from: 5, to: 5 }, 5)).toBe(0);
  });

  it("marks round times, of a long line only those in sight", () => {
    expect(marksOf(scale, 5)).toEqual([0, 2_000, 4_000, 6_000, 8_000]);
    const near = marksOf(scale, 10_000, { from: 0.5, to: 0.501 });
    expect(near[0]).toBe(5_000);
    expect(near.length).toBeLessThan(15);
    expect(marksOf({ from: 0, to: 400 * 86_400_000 }, 10)[1]).toBe(40 * 86_400_000);
    expect(marksOf(scale, 1_000_000).length).toBeLessThanOrEqual(MARKS_MAX + 1);
  });
});

describe("histories", () => {
  const fetched: string[][] = [];
  const server = (journal: Journal) => async (steps: readonly string[]) => {
    fetched.push([...steps]);
    return journal.frames.filter(({ step }) => steps.includes(step));
  };

  it("has only what is asked for, once, and what comes later", async () => {
    const journal = new Journal().add("step.queued", "a").add("step.queued", "b");
    const pages = new Pages(async () => [], 2);
    const histories = new Histories(pages, server(journal));
    expect(await histories.need(["a"])).toBe(true);
    expect(await histories.need(["a"])).toBe(false);
    expect(fetched).toEqual([["a"]]);
    journal.add("step.started", "a").add("step.progress", "a").add("step.started", "b");
    histories.add(journal.frames);
    expect(histories.get("a")?.map(({ type }) => type)).toEqual(["step.queued", "step.started"]);
    expect(histories.get("b")).toBeUndefined();
  });

  it("keeps a bounded number of steps", async () => {
    const histories = new Histories(new Pages(async () => [], 1), async () => []);
    for (let index = 0; index < STEPS_KEPT + 50; index += 1) await histories.need([`s${index}`]);
    expect(histories.size).toBe(STEPS_KEPT);
  });

  it("asks nobody while the whole journal is here, and joins the undo of items to one stretch", async () => {
    const journal = new Journal().add("step.started", "m", { data: { items: 3 } }).add("step.completed", "m");
    for (let index = 2; index >= 0; index -= 1) journal.add("compensation.started", `m[${index}]`).add("compensation.completed", `m[${index}]`);
    const pages = new Pages(async () => { throw new Error("not needed"); }, 0);
    pages.add(journal.frames);
    const histories = new Histories(pages, async () => { throw new Error("not needed"); });
    await histories.need(["m"]);
    expect(histories.get("m")?.map(({ type, step }) => `${type} ${step}`)).toEqual([
      "step.started m", "step.completed m", "compensation.started m[2]", "compensation.completed m[0]",
    ]);
    expect(shape(histories.get("m")!)).toEqual(["attempt completed", "undo completed"]);
  });
});
