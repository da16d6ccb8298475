/** Entries of single steps: fetched once, and a bounded number kept. */
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/run/model/frame";
import { Histories, STEPS_KEPT } from "../../../src/run/model/histories";
import { Journal as Pages } from "../../../src/run/model/journal";
import { spansOf } from "../../../src/run/model/spans";
import { Journal } from "../../frames";

const shape = (frames: readonly Frame[]) => spansOf(frames).map(({ kind, number, outcome }) => [kind, number, outcome].filter(Boolean).join(" "));

describe("histories", () => {
  const fetched: string[][] = [];
  const server = (journal: Journal) => (steps: readonly string[]) => {
    fetched.push([...steps]);
    return Promise.resolve(journal.frames.filter(({ step }) => steps.includes(step)));
  };

  it("has only what is asked for, once, and what comes later", async () => {
    const journal = new Journal().add("step.queued", "a").add("step.queued", "b");
    const pages = new Pages(() => Promise.resolve([]), 2);
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
    const histories = new Histories(new Pages(() => Promise.resolve([]), 1), () => Promise.resolve([]));
    for (let index = 0; index < STEPS_KEPT + 50; index += 1) await histories.need([`s${index}`]);
    expect(histories.size).toBe(STEPS_KEPT);
  });

  it("asks nobody while the whole journal is here, and joins the undo of items to one stretch", async () => {
    const journal = new Journal().add("step.started", "m", { data: { items: 3 } }).add("step.completed", "m");
    for (let index = 2; index >= 0; index -= 1) journal.add("compensation.started", `m[${index}]`).add("compensation.completed", `m[${index}]`);
    const pages = new Pages(() => Promise.reject(new Error("not needed")), 0);
    pages.add(journal.frames);
    const histories = new Histories(pages, () => Promise.reject(new Error("not needed")));
    await histories.need(["m"]);
    expect(histories.get("m")?.map(({ type, step }) => `${type} ${step}`)).toEqual([
      "step.started m", "step.completed m", "compensation.started m[2]", "compensation.completed m[0]",
    ]);
    expect(shape(histories.get("m")!)).toEqual(["attempt completed", "undo completed"]);
  });
});
