/** Attempts of a step, from its journal entries. */
import { expect, it } from "vitest";
import { attemptsOf, LINES_KEPT } from "../src/run/model/attempts";
import { without, boxesOf, FRAME_HEAD, FRAME_PAD, type Part } from "../src/run/canvas/graph";
import { NODE_HEIGHT, NODE_WIDTH } from "../src/graph/model/nodes";
import type { Document } from "../src/graph/model/document";
import { Journal } from "./frames";

const shape = (journal: Journal) => attemptsOf(journal.frames).map(({ direction, number, outcome }) => [direction, number, outcome]);

it("tells each attempt in both directions, and what it came to", () => {
  const journal = new Journal().add("step.started", "a", { attempt: 1, data: { process: "p1" } });
  journal.add("step.retry_scheduled", "a", { data: { error: { code: "exception", message: "no" } } });
  journal.add("step.started", "a", { attempt: 2 }).add("step.completed", "a");
  journal.add("compensation.started", "a", { attempt: 1, data: { direction: "undo" } });
  expect(shape(journal)).toEqual([["forward", 1, "retried"], ["forward", 2, "completed"], ["undo", 1, "running"]]);
  expect(attemptsOf(journal.frames)[0]).toMatchObject({ process: "p1", error: { code: "exception", message: "no" } });
});

it("keeps log lines with their attempt, up to a limit that it tells", () => {
  const journal = new Journal().add("step.started", "a", { attempt: 1 });
  for (let count = 0; count < 12; count += 1) {
    journal.add("step.progress", "a", { data: { log: Array.from({ length: 100 }, (_, line) => `${count}:${line}`), fraction: count / 12 } });
  }
  const [attempt] = attemptsOf(journal.frames);
  expect(attempt?.lines.length).toBe(LINES_KEPT);
  expect(attempt?.linesDropped).toBe(200);
  expect(attempt?.lines.at(-1)).toBe("11:99");
  expect(attempt?.progress).toBeCloseTo(11 / 12);
});

const chain = (...names: string[]): Document => ({
  steps: names.map((name) => ({ name })), edges: names.slice(1).map((to, place) => ({ from: names[place]!, to })),
});

it("goes back to the graph before steps were added", () => {
  expect(without(chain("router", "x", "y", "end"), new Set(["x", "y"]))).toEqual(chain("router", "end"));
});

it("makes room for a nested run that is opened, right of it and below", () => {
  const outer: Part = { path: "", document: chain("a", "b", "c"), places: { a: [0, 0], b: [300, 0], c: [0, 300] } };
  const inner: Part = { path: "a", document: chain("x", "y"), places: { x: [50, 50], y: [400, 50] } };
  const boxes = new Map(boxesOf(new Map([["", outer], ["a", inner]])).map((box) => [box.id, box]));
  const [width, height] = [350 + NODE_WIDTH + 2 * FRAME_PAD, NODE_HEIGHT + FRAME_HEAD + FRAME_PAD];
  expect(boxes.get("a")).toMatchObject({ isFrame: true, width, height, x: 0, y: 0 });
  expect(boxes.get("a/x")).toMatchObject({ x: FRAME_PAD, y: FRAME_HEAD, path: "a" });
  expect(boxes.get("a/y")?.x).toBe(FRAME_PAD + 350);
  expect(boxes.get("b")?.x).toBe(300 + width - NODE_WIDTH);
  expect(boxes.get("c")?.y).toBe(300 + height - NODE_HEIGHT);
});
