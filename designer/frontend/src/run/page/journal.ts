/** The journal as a list with a filter. Only a window of it is in the page; the rest is fetched when it is scrolled to. */
import { element, find, icon, mustFind, setText } from "../../shared/dom";
import { clock, exact } from "../../shared/time";
import { describe, type Description } from "../model/describe";
import type { Frame } from "../model/frame";
import { PAGE, type Journal } from "../model/journal";

export const ROWS_MAX = 300;
/** Entries shown at first, and added when they are scrolled to. */
const STEP = 100;
const AROUND = 40;
const NEAR_PX = 120;
const AT_END_PX = 40;

type Filter = "all" | "problems" | Description["kind"];

export class JournalView {
  private kind: Filter = "all";
  private text = "";
  /** Numbers of the first and the last entry in the list; without a filter there is no gap between them. */
  private first = 1;
  private last = 0;
  /** Counts changes of the list. Entries that were fetched for an earlier turn are dropped. */
  private turn = 0;
  private isBusy = false;
  private at: number | null = null;
  private readonly list: HTMLOListElement;

  constructor(private readonly root: HTMLElement, private readonly journal: Journal, private readonly go: (seq: number) => void) {
    this.list = mustFind<HTMLOListElement>(root, "[data-slot=entries]");
    const text = find<HTMLInputElement>(root, "input[name=text]");
    const kind = find<HTMLSelectElement>(root, "select[name=kind]");
    find(root, "form")?.addEventListener("submit", (event) => event.preventDefault());
    text?.addEventListener("input", () => this.filter({ text: text.value.trim().toLowerCase() }));
    kind?.addEventListener("change", () => this.filter({ kind: kind.value as Filter }));
    this.list.addEventListener("scroll", () => void this.scrolled());
    this.list.addEventListener("click", (event) => this.clicked(event.target));
  }

  /** Shows the newest entries of a journal that began before this page did. */
  async begin(): Promise<void> {
    const last = this.journal.lastSeq;
    if (!last) return;
    if (!(await this.window(Math.max(1, last - STEP + 1), last))) return;
    const turn = this.turn;
    while (turn === this.turn && this.last < this.journal.lastSeq) await this.later();
    if (turn === this.turn) this.list.scrollTop = this.list.scrollHeight;
  }

  /** The list has come into sight: it stays at its end, if it was there. */
  shown(): void {
    if (this.at !== null) void this.mark(this.at);
    else if (!this.isFiltered && this.last === this.journal.lastSeq) this.list.scrollTop = this.list.scrollHeight;
  }

  /** Appends entries; `isLive` marks those that happened while somebody was watching. */
  add(frames: readonly Frame[], isLive: boolean): void {
    const follows = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < AT_END_PX;
    const newest = frames.at(-1)?.seq ?? 0;
    const isAtEnd = this.isFiltered || this.last === (frames[0]?.seq ?? 0) - 1;
    if (isAtEnd) {
      const rows = frames.slice(-ROWS_MAX).filter((frame) => this.isShown(frame));
      this.list.append(...rows.map((frame) => this.row(frame, isLive)));
      if (frames.length > ROWS_MAX && !this.isFiltered) this.first = newest - ROWS_MAX + 1;
      this.last = newest;
      if (follows) this.trimTop();
    }
    this.note();
    if (follows) this.list.scrollTop = this.list.scrollHeight;
  }

  /** Marks the entry whose moment the page shows, and brings it into view. */
  async mark(seq: number | null): Promise<void> {
    this.at = seq;
    if (seq && !this.isFiltered && (seq < this.first || seq > this.last)) {
      await this.window(Math.max(1, seq - AROUND), Math.min(this.journal.lastSeq, seq + AROUND)).catch(() => undefined);
    }
    for (const row of this.list.children) this.paintMark(row as HTMLElement);
    const marked = find(this.list, "[aria-current]");
    if (marked) this.list.scrollTop = marked.offsetTop - this.list.offsetTop - this.list.clientHeight / 2;
  }

  private get isFiltered(): boolean {
    return this.kind !== "all" || this.text !== "";
  }

  private filter(change: { text?: string; kind?: Filter }): void {
    Object.assign(this, change);
    void (this.isFiltered ? this.find() : this.begin()).catch(() => this.sayFailure());
  }

  /** False where another turn began meanwhile. */
  private async window(from: number, to: number): Promise<boolean> {
    const turn = ++this.turn;
    const frames = await this.journal.range(from, to);
    if (turn !== this.turn) return false;
    [this.first, this.last] = [from, to];
    this.list.replaceChildren(...frames.map((frame) => this.row(frame, false)));
    this.note();
    return true;
  }

  /** Searches the journal from its end, page by page, until the list is full. */
  private async find(before = this.journal.lastSeq + 1, kept: readonly Element[] = []): Promise<void> {
    const turn = ++this.turn;
    const rows: Element[] = [...kept];
    let from = before;
    while (from > 1 && rows.length - kept.length < ROWS_MAX) {
      const start = Math.floor((from - 2) / PAGE) * PAGE + 1;
      const frames = await this.journal.range(start, from - 1);
      if (turn !== this.turn) return;
      rows.unshift(...frames.filter((frame) => this.isShown(frame)).map((frame) => this.row(frame, false)));
      from = start;
      if (from > 1) this.say(`Searching before entry ${from.toLocaleString()}…`);
    }
    this.first = from;
    this.last = this.journal.lastSeq;
    this.list.replaceChildren(...rows);
    if (!kept.length) this.list.scrollTop = this.list.scrollHeight;
    this.note();
  }

  private async scrolled(): Promise<void> {
    if (this.isBusy) return;
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const isUp = scrollTop < NEAR_PX && this.first > 1;
    const isDown = scrollHeight - scrollTop - clientHeight < NEAR_PX && this.last < this.journal.lastSeq;
    if (!isUp && !isDown) return;
    this.isBusy = true;
    try {
      if (this.isFiltered) await (isUp ? this.find(this.first, [...this.list.children]) : Promise.resolve());
      else await (isUp ? this.further() : this.later());
    } catch {
      this.sayFailure();
    } finally {
      this.isBusy = false;
    }
  }

  private async further(): Promise<void> {
    const from = Math.max(1, this.first - STEP);
    const turn = this.turn;
    const frames = await this.journal.range(from, this.first - 1);
    if (turn !== this.turn) return;
    const anchor = this.list.firstElementChild as HTMLElement | null;
    const before = anchor?.offsetTop ?? 0;
    this.list.prepend(...frames.map((frame) => this.row(frame, false)));
    this.first = from;
    while (this.list.childElementCount > ROWS_MAX) this.list.lastElementChild?.remove();
    this.last = Number((this.list.lastElementChild as HTMLElement).dataset.seq);
    this.list.scrollTop += (anchor?.offsetTop ?? 0) - before;
    this.note();
  }

  private async later(): Promise<void> {
    const [turn, to] = [this.turn, Math.min(this.journal.lastSeq, this.last + STEP)];
    const frames = await this.journal.range(this.last + 1, to);
    if (turn !== this.turn) return;
    this.list.append(...frames.map((frame) => this.row(frame, false)));
    this.last = to;
    this.trimTop();
    this.note();
  }

  /** Keeps what is in view where it is. */
  private trimTop(): void {
    const surplus = this.list.childElementCount - ROWS_MAX;
    if (surplus <= 0) return;
    const before = this.list.scrollHeight;
    for (let count = 0; count < surplus; count += 1) this.list.firstElementChild?.remove();
    this.list.scrollTop -= before - this.list.scrollHeight;
    this.first = Number((this.list.firstElementChild as HTMLElement).dataset.seq);
  }

  private clicked(target: EventTarget | null): void {
    const row = target instanceof Element && target.closest("button") ? target.closest<HTMLElement>("li") : null;
    if (row) this.go(Number(row.dataset.seq));
  }

  private isShown(frame: Frame): boolean {
    if (!this.isFiltered) return true;
    const { kind, what, more, isProblem } = describe(frame);
    const isKind = this.kind === "all" || (this.kind === "problems" ? isProblem : this.kind === kind);
    return isKind && `${frame.step} ${frame.type} ${what} ${more}`.toLowerCase().includes(this.text);
  }

  private row(frame: Frame, isFresh: boolean): HTMLElement {
    const made = rowOf(frame, isFresh);
    this.paintMark(made);
    return made;
  }

  private paintMark(row: HTMLElement): void {
    if (Number(row.dataset.seq) === this.at) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }

  private note(): void {
    const total = this.journal.lastSeq;
    const shown = this.list.childElementCount;
    setText(find(this.root, "[data-slot=count]"), total.toLocaleString());
    this.say(shown === total ? "" : this.isFiltered ? this.noteOfSearch(shown, total) : `Entries ${this.first.toLocaleString()} to ${this.last.toLocaleString()} of ${total.toLocaleString()}; scroll for the others.`);
  }

  private noteOfSearch(shown: number, total: number): string {
    if (!shown) return `None of ${total.toLocaleString()} entries matches. Clear the filter to see them.`;
    return this.first > 1 ? `${shown} entries match; scroll up to search before entry ${this.first.toLocaleString()}.` : `${shown} of ${total.toLocaleString()} entries match.`;
  }

  private say(text: string): void {
    const note = find(this.root, "[data-slot=note]");
    note?.toggleAttribute("hidden", !text);
    setText(note, text);
  }

  private sayFailure(): void {
    this.say("The entries could not be fetched. Scroll or change the filter to try again.");
  }
}

/** The newest entries, before anything else is known of the run. */
export function showNewest(root: HTMLElement, frames: readonly Frame[]): void {
  const list = find<HTMLOListElement>(root, "[data-slot=entries]");
  list?.replaceChildren(...frames.map((frame) => rowOf(frame, false)));
  if (list) list.scrollTop = list.scrollHeight;
}

function rowOf(frame: Frame, isFresh: boolean): HTMLElement {
  const { icon: name, tone, what, more } = describe(frame);
  const text = element("span", "what", ...(frame.step ? [element("b", "", frame.step), " "] : []), what);
  if (more) text.append(element("span", "more", more));
  const number = element("button", "seq", `${frame.seq}`);
  number.setAttribute("type", "button");
  number.title = `Show the run as it was after entry ${frame.seq}`;
  const made = element("li", "", number, icon(name), text, timeOf(frame.at));
  Object.assign(made.dataset, { seq: `${frame.seq}`, type: frame.type, tone });
  made.toggleAttribute("data-fresh", isFresh);
  return made;
}

function timeOf(iso: string): HTMLElement {
  const date = new Date(iso);
  const made = element("time", "", clock(date));
  made.setAttribute("datetime", iso);
  made.title = exact(date);
  return made;
}
