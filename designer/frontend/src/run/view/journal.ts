/** The journal as a list that follows the run, with a filter. Only a window of it is in the page. */
import { element, find, icon, setText } from "../../ui/dom";
import { clock, exact } from "../../ui/time";
import { describe, type Description } from "../describe";
import type { Frame } from "../frame";

export const ROWS_SHOWN_MAX = 400;
export const FRAMES_KEPT_MAX = 50_000;
const NEAR_END_PX = 40;

type Filter = "all" | "problems" | Description["kind"];

export class JournalView {
  private frames: Frame[] = [];
  private dropped = 0;
  private kind: Filter = "all";
  private text = "";
  private readonly list: HTMLOListElement;

  constructor(private readonly root: HTMLElement) {
    this.list = find<HTMLOListElement>(root, "[data-slot=entries]")!;
    const text = find<HTMLInputElement>(root, "input[name=text]");
    const kind = find<HTMLSelectElement>(root, "select[name=kind]");
    text?.addEventListener("input", () => this.filter({ text: text.value.trim().toLowerCase() }));
    kind?.addEventListener("change", () => this.filter({ kind: kind.value as Filter }));
  }

  /** Appends entries; `isLive` marks those that happened while somebody was watching. */
  add(frames: readonly Frame[], isLive: boolean): void {
    this.frames.push(...frames);
    const surplus = this.frames.length - FRAMES_KEPT_MAX;
    if (surplus > 0) this.dropped += this.frames.splice(0, surplus).length;
    const follows = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PX;
    const rows = frames.slice(-ROWS_SHOWN_MAX).filter((frame) => this.isShown(frame));
    this.list.append(...rows.map((frame) => row(frame, isLive)));
    this.trim(this.list.childElementCount - ROWS_SHOWN_MAX);
    this.note();
    if (follows) this.list.scrollTop = this.list.scrollHeight;
  }

  private filter(change: { text?: string; kind?: Filter }): void {
    Object.assign(this, change);
    const rows: HTMLElement[] = [];
    for (let place = this.frames.length - 1; place >= 0 && rows.length < ROWS_SHOWN_MAX; place -= 1) {
      const frame = this.frames[place]!;
      if (this.isShown(frame)) rows.push(row(frame, false));
    }
    this.list.replaceChildren(...rows.reverse());
    this.list.scrollTop = this.list.scrollHeight;
    this.note();
  }

  private trim(surplus: number): void {
    for (let count = 0; count < surplus; count += 1) this.list.firstElementChild?.remove();
  }

  private isShown(frame: Frame): boolean {
    if (this.kind === "all" && !this.text) return true;
    const { kind, what, more, isProblem } = describe(frame);
    const isKind = this.kind === "all" || (this.kind === "problems" ? isProblem : this.kind === kind);
    return isKind && `${frame.step} ${frame.type} ${what} ${more}`.toLowerCase().includes(this.text);
  }

  private note(): void {
    const total = this.frames.length + this.dropped;
    const shown = this.list.childElementCount;
    setText(find(this.root, "[data-slot=count]"), `${total}`);
    const note = find<HTMLElement>(this.root, "[data-slot=note]");
    const text = shown === total ? "" : noteText(shown, total, this.kind !== "all" || this.text !== "");
    note?.toggleAttribute("hidden", !text);
    setText(note, text);
  }
}

function noteText(shown: number, total: number, isFiltered: boolean): string {
  if (isFiltered && !shown) return `None of ${total} entries matches. Clear the filter to see them.`;
  return isFiltered ? `${shown} of ${total} entries match.` : `The last ${shown} of ${total} entries.`;
}

function row(frame: Frame, isFresh: boolean): HTMLElement {
  const { icon: name, tone, what, more } = describe(frame);
  const text = element("span", "what", ...(frame.step ? [element("b", "", frame.step), " "] : []), what);
  if (more) text.append(element("span", "more", more));
  const made = element("li", "", element("span", "seq", `${frame.seq}`), icon(name), text, timeOf(frame.at));
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
