/** The journal's list: whatever is scrolled to and jumped to meanwhile, it holds the entries it says it holds. */
import { expect, it } from "vitest";
import type { Frame } from "../../../src/run/model/frame";
import { Journal } from "../../../src/run/model/journal";
import { JournalView } from "../../../src/run/page/journal";

const LAST = 20_000;
const entry = (seq: number): Frame => ({
  seq, type: "step.started", step: `s${seq % 7}`, attempt: 1, at: new Date(seq * 1_000).toISOString(), status: "running", data: {},
});
const page = (after: number, limit: number): Frame[] =>
  Array.from({ length: Math.min(limit, LAST - after) }, (_, place) => entry(after + place + 1));

/** A view whose server answers when it is told to. */
function slow(): { view: JournalView; list: HTMLElement; answer: () => Promise<void>; waiting: (() => void)[] } {
  document.body.innerHTML = `<section><ol data-slot="entries"></ol><p data-slot="note"></p></section>`;
  const waiting: (() => void)[] = [];
  const journal = new Journal((after, limit) => new Promise((resolve) => waiting.push(() => resolve(page(after, limit)))), LAST);
  const root = document.querySelector("section")!;
  const answer = async (): Promise<void> => {
    waiting.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { view: new JournalView(root, journal, () => undefined), list: root.querySelector("ol")!, answer, waiting };
}
const numbers = (list: HTMLElement): number[] => [...list.children].map((row) => Number((row as HTMLElement).dataset.seq));
const marked = (list: HTMLElement): number => Number(list.querySelector<HTMLElement>("[aria-current]")?.dataset.seq);

it("forgets what was scrolled to when somebody jumps elsewhere meanwhile", async () => {
  const { view, list, answer, waiting } = slow();
  void view.begin();
  await answer();
  void view.mark(10_100);
  await answer();
  expect(marked(list)).toBe(10_100);
  list.dispatchEvent(new Event("scroll"));
  list.dispatchEvent(new Event("scroll"));
  void view.mark(3_100);
  while (waiting.length) await answer();
  expect(marked(list)).toBe(3_100);
  const found = numbers(list);
  expect(found).toEqual(Array.from(found, (_, place) => found[0]! + place));
});

it("shows the latest of two jumps, whichever answer comes first", async () => {
  const { view, list, answer, waiting } = slow();
  void view.mark(9_100);
  void view.mark(4_100);
  waiting.reverse();
  while (waiting.length) await answer();
  expect(marked(list)).toBe(4_100);
});

it("does not go through all entries to the newest where somebody left the end meanwhile", async () => {
  const { view, list, answer, waiting } = slow();
  const begun = view.begin();
  void view.mark(5_100);
  while (waiting.length) await answer();
  await begun;
  expect(marked(list)).toBe(5_100);
  expect(numbers(list).length).toBeLessThan(200);
});
