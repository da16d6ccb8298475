import { describe, expect, it } from "vitest";
import { applyFrame, applyFrames, Gap } from "../../../src/run/model/apply";
import { newRun, type RunState } from "../../../src/run/model/state";
import { Journal, ORDER, undoneOrder } from "../../frames";

const replay = (journal: Journal, names: string[]): RunState => applyFrames(newRun(names), journal.frames);
const step = (state: RunState, name: string) => state.steps.get(name)!;

describe("a loop", () => {
  it("has an item for each turn that has begun, and may end early", () => {
    const journal = new Journal().add("step.started", "poll", { data: { items: 0, queued: 0 } })
      .add("step.queued", "poll[0]", { data: { item: "turn" } }).add("step.completed", "poll[0]")
      .add("step.waiting", "poll[1]", { data: { item: "turn", for: "delay" } }).add("step.enough", "poll", { data: { cancelled: ["poll[1]"] } });
    const state = replay(journal, ["poll"]);
    expect(state.steps.get("poll")?.items).toMatchObject({ total: 2, counts: { completed: 1, cancelled: 1 } });
  });
});

describe("a run that is undone", () => {
  it("walks backwards: pending, running, compensated, one after the other", () => {
    const seen: string[] = [];
    undoneOrder().reduce((state, frame) => {
      const next = applyFrame(state, frame);
      const undos = ORDER.map((name) => step(next, name).undo).join(" ");
      if (seen.at(-1) !== undos) seen.push(undos);
      return next;
    }, newRun(ORDER));
    expect(seen).toEqual([
      "none none none",
      "pending pending none",
      "pending running none",
      "pending compensated none",
      "running compensated none",
      "compensated compensated none",
    ]);
  });

  it("ends with the forward states kept and the error told", () => {
    const state = applyFrames(newRun(ORDER), undoneOrder());
    expect(ORDER.map((name) => step(state, name).status)).toEqual(["completed", "completed", "failed"]);
    expect(state.status).toBe("compensated");
    expect(state.error).toEqual({ step: "create_shipment", code: "exception", message: "no carrier" });
    expect(step(state, "charge_payment").undoPlace).toBe(1);
    expect(state.finishedAt).toBe(undoneOrder().at(-1)!.at);
  });
});

describe("numbers", () => {
  it("gives the same state for one frame at a time and for all at once", () => {
    const frames = undoneOrder();
    expect(frames.reduce(applyFrame, newRun(ORDER))).toEqual(applyFrames(newRun(ORDER), frames));
  });

  it("ignores what was applied before", () => {
    const state = applyFrames(newRun(ORDER), undoneOrder());
    expect(applyFrames(state, undoneOrder())).toBe(state);
  });

  it("refuses a gap", () => {
    const [first, , third] = undoneOrder();
    expect(() => applyFrames(newRun(ORDER), [first!, third!])).toThrow(Gap);
  });

  it("does not change the state that it was given, and shares untouched steps", () => {
    const before = applyFrames(newRun(ORDER), undoneOrder().slice(0, 5));
    const copy = structuredClone(before);
    const after = applyFrame(before, undoneOrder()[5]!);
    expect(before).toEqual(copy);
    expect(step(after, "reserve_inventory")).toBe(step(before, "reserve_inventory"));
  });

  it("moves on over types that it does not know", () => {
    const state = replay(new Journal().add("run.created").add("step.dreamt", "a"), ["a"]);
    expect([state.lastSeq, step(state, "a").status]).toEqual([2, "pending"]);
  });
});

describe("a step", () => {
  const one = (journal: Journal) => step(replay(journal, ["a"]), "a");

  it("is retried, then falls back, then completes", () => {
    const journal = new Journal().add("step.queued", "a").add("step.started", "a", { attempt: 1 });
    expect(one(journal)).toMatchObject({ status: "running", attempt: 1 });
    journal.add("step.retry_scheduled", "a", {
      data: { due_at: "2026-11-22T20:00:09Z", direction: "forward", error: { code: "exception", message: "x" } },
    });
    expect(one(journal)).toMatchObject({ status: "retrying", dueAt: "2026-11-22T20:00:09Z", error: { message: "x" } });
    journal.add("step.started", "a", { attempt: 2 });
    expect(one(journal)).toMatchObject({ status: "running", attempt: 2, dueAt: null, error: null });
    journal.add("step.fallback_started", "a", { data: { error: { code: "exception", message: "y" } } });
    expect(one(journal)).toMatchObject({ status: "queued", direction: "fallback", error: { message: "y" } });
    journal.add("step.started", "a", { attempt: 3 }).add("step.completed", "a", { attempt: 3 });
    expect(one(journal)).toMatchObject({ status: "completed", error: null, startedAt: journal.frames[1]!.at });
  });

  it("that asks what became of an attempt says so", () => {
    const journal = new Journal().add("step.queued", "a", { data: { direction: "verify" } }).add("step.started", "a");
    expect(one(journal)).toMatchObject({ status: "running", direction: "verify" });
  });

  it("tells what it waits for", () => {
    const journal = new Journal().add("step.waiting", "a", {
      status: "waiting", data: { for: "signal", signal: "paid", until: "2026-11-23T00:00:00Z" },
    });
    expect(one(journal)).toMatchObject({ status: "waiting", dueAt: "2026-11-23T00:00:00Z", waits: { signal: "paid" } });
  });

  it("shows progress until it ends", () => {
    const journal = new Journal().run("a");
    journal.frames.splice(2, 0, { ...journal.frames[1]!, seq: 3, type: "step.progress", data: { fraction: 0.5, message: "half" } });
    journal.frames[3]!.seq = 4;
    expect(step(applyFrames(newRun(["a"]), journal.frames.slice(0, 3)), "a").progress).toEqual({ fraction: 0.5, message: "half" });
    expect(one(journal).progress).toBeNull();
  });

  it("is skipped, or cancelled by the rollback and by the end of the run", () => {
    const journal = new Journal().add("step.skipped", "a").add("step.queued", "b").add("step.waiting", "c");
    journal.add("run.compensating", "", { data: { plan: [], cancelled: ["b"] } });
    journal.add("run.cancelled", "", { status: "cancelled", data: { cancelled: ["c"], abandoned: ["d"] } });
    const state = replay(journal, ["a", "b", "c", "d"]);
    expect(["a", "b", "c"].map((name) => step(state, name).status)).toEqual(["skipped", "cancelled", "cancelled"]);
    expect(step(state, "d").undo).toBe("abandoned");
  });

  it("that completes while others are undone is undone too", () => {
    const journal = new Journal().add("run.compensating", "", { data: { plan: [] } });
    journal.add("step.completed", "a", { data: { undo: [] } });
    expect(one(journal)).toMatchObject({ status: "completed", undo: "pending" });
  });
});

describe("people", () => {
  it("are asked about a failed step, which is blocked until it goes on", () => {
    const journal = new Journal().add("step.failed", "a", { data: { error: { code: "x", message: "" }, case: true } });
    journal.add("intervention.opened", "a", { status: "blocked", data: { kind: "step_failed" } });
    const state = replay(journal, ["a"]);
    expect([state.status, step(state, "a").status, step(state, "a").finishedAt]).toEqual(["blocked", "blocked", null]);
  });

  it("resolve an undo by hand, or leave it", () => {
    const failed = (): Journal => new Journal()
      .add("run.compensating", "", { data: { plan: ["a"] } })
      .add("compensation.failed", "a", { data: { error: { code: "x", message: "y" } } });
    expect(step(replay(failed(), ["a"]), "a")).toMatchObject({ undo: "failed", error: { message: "y" } });
    const resolved = failed().add("compensation.completed", "a", { data: { undo: "resolved" } });
    expect(step(replay(resolved, ["a"]), "a").undo).toBe("resolved");
    const left = failed().add("intervention.answered", "a", { data: { kind: "compensation_failed", answer: "abandon" } });
    expect(step(replay(left, ["a"]), "a").undo).toBe("abandoned");
  });
});

describe("steps that a worker adds", () => {
  it("come after the step that added them, in their order", () => {
    const journal = new Journal().run("a").add("step.expanded", "a", { data: { steps: ["x", "y"] } }).run("x");
    const state = replay(journal, ["a", "b"]);
    expect(state.order).toEqual(["a", "x", "y", "b"]);
    expect(step(state, "y")).toMatchObject({ addedBy: "a", status: "pending" });
  });
});

describe("a map", () => {
  it("counts its items and names the failing ones, in one step", () => {
    const journal = new Journal().add("step.started", "m", { attempt: 1, data: { items: 5, queued: 2 } });
    journal.add("step.started", "m[0]", { attempt: 1 }).add("step.completed", "m[0]");
    journal.add("step.queued", "m[2]", { data: { item: true } }).add("step.started", "m[2]", { attempt: 1 });
    journal.add("step.failed", "m[2]", { data: { error: { code: "x", message: "" } } });
    const state = replay(journal, ["m"]);
    expect(state.order).toEqual(["m"]);
    const items = step(state, "m").items!;
    expect(items.total).toBe(5);
    expect(items.counts).toEqual({ completed: 1, queued: 1, failed: 1 });
    expect([...items.failing]).toEqual([2]);
  });

  it("is undone when its items are", () => {
    const journal = new Journal().add("step.started", "m", { data: { items: 2, queued: 2 } });
    journal.add("step.completed", "m[0]").add("step.completed", "m[1]").add("step.completed", "m");
    journal.add("run.compensating", "", { data: { plan: ["m[1]", "m[0]"] } });
    expect(step(replay(journal, ["m"]), "m").undo).toBe("pending");
    journal.undo("m[1]");
    expect(step(replay(journal, ["m"]), "m").undo).toBe("pending");
    journal.undo("m[0]");
    expect(step(replay(journal, ["m"]), "m").undo).toBe("compensated");
  });

  it("of 10,000 items costs linear time, and live frames leave earlier states alone", () => {
    const journal = new Journal().add("step.started", "m", { data: { items: 10_000, queued: 10_000 } });
    for (let index = 0; index < 10_000; index += 1) journal.add("step.started", `m[${index}]`).add("step.completed", `m[${index}]`);
    const begin = performance.now();
    const state = replay(journal, ["m"]);
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(step(state, "m").items!.counts.completed).toBe(10_000);
    applyFrame(state, { ...journal.frames[1]!, seq: state.lastSeq + 1 });
    expect(step(state, "m").items!.counts.completed).toBe(10_000);
  });
});
