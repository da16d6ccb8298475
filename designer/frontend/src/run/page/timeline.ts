/**
 * The timeline: one row a step, with its attempts, waits and undos as bars. Only visible rows are drawn,
 * and only their entries are fetched. A row is one button, so that the arrow keys move from step to step.
 */
import { present } from "../../shared/present";
import { element, find, icon, mustFind, setText } from "../../shared/dom";
import { clock, duration } from "../../shared/time";
import type { Histories } from "../model/histories";
import { marksOf, placeOf, type Scale } from "../model/scale";
import { attemptsText, spansOf, spanText, type Span, type SpanKind } from "../model/spans";
import type { RunState, StepState } from "../model/state";
import { doneOf } from "../model/words";
import { lookOf, RUN_ENDED, STEP_LOOKS, type Look as StatusLook } from "../../shared/vocabulary";

const ROWS_AROUND = 6;
const ROW_PX = 36;
const MARK_EVERY_PX = 96;
const ZOOM_MAX = 4_096;
const SPANS_DRAWN_MAX = 400;
const FETCH_AGAIN_MS = 3_000;

type Look = Pick<StatusLook, "icon" | "tone">;
const LOOKS: Readonly<Record<SpanKind, Look>> = {
  queued: { icon: "queue", tone: "idle" }, attempt: { icon: "spin", tone: "busy" }, fallback: { icon: "retry", tone: "care" },
  asked: { icon: "idle", tone: "hold" }, waiting: { icon: "wait", tone: "hold" }, delay: { icon: "retry", tone: "care" },
  blocked: { icon: "hand", tone: "stop" }, undo: { icon: "undo", tone: "back" },
};
const ENDS: Readonly<Record<string, Look>> = { failed: STEP_LOOKS.failed, retried: STEP_LOOKS.retrying, cancelled: STEP_LOOKS.cancelled };

export class TimelineView {
  private state: RunState | null = null;
  private until = Infinity;
  private moment: number | null = null;
  private zoom = 1;
  private focused = 0;
  private isAsking = false;
  private failedAt = 0;
  private isSeen = false;
  private rowHeight = ROW_PX;
  private readonly rows = new Map<string, HTMLElement>();
  private readonly box: HTMLElement;
  private readonly canvas: HTMLElement;
  private readonly axis: HTMLElement;
  private readonly line: HTMLElement;

  constructor(
    private readonly root: HTMLElement, private readonly histories: Histories, private readonly now: () => number,
    private readonly choose: (step: string) => void,
  ) {
    this.box = mustFind(root, "[data-slot=timeline]");
    this.canvas = mustFind(root, "[data-slot=timeline-rows]");
    this.axis = mustFind(root, "[data-slot=timeline-axis]");
    this.line = mustFind(root, "[data-slot=timeline-line]");
    this.box.addEventListener("scroll", () => this.draw());
    new IntersectionObserver((seen) => {
      this.isSeen = seen.at(-1)?.isIntersecting ?? false;
      this.draw();
    }, { rootMargin: "200px" }).observe(root);
    new ResizeObserver(() => this.resized()).observe(this.box);
    this.canvas.addEventListener("click", ({ target }) => this.clicked(target));
    this.canvas.addEventListener("keydown", (event) => this.pressed(event));
    for (const [act, factor] of [["closer", 2], ["wider", 0.5], ["whole", 0]] as const) {
      find(root, `[data-action=${act}]`)?.addEventListener("click", () => this.setZoom(factor ? this.zoom * factor : 1));
    }
  }

  /** The run as it is to be shown; `moment` and `until` are null where that is now. */
  show(state: RunState, until: number | null, moment: string | null): void {
    this.state = state;
    this.until = until ?? Infinity;
    this.moment = moment === null ? null : Date.parse(moment);
    this.draw();
  }

  /** Extends the bars of what is under way. */
  tick(): void {
    if (this.state && this.moment === null && !RUN_ENDED.has(this.state.status)) this.draw();
  }

  mark(step: string | null): void {
    for (const [name, row] of this.rows) row.toggleAttribute("data-chosen", name === step);
  }

  private get scale(): Scale {
    const { startedAt, finishedAt, status } = this.latest ?? {};
    const from = startedAt ? Date.parse(startedAt) : this.now();
    const to = finishedAt && RUN_ENDED.has(status ?? "") ? Date.parse(finishedAt) : Math.max(this.now(), from);
    return { from, to: Math.max(to, from + 1) };
  }

  /** The run now: the scale of a moment of the past is the whole run's. */
  private latest: RunState | null = null;

  follow(state: RunState): void {
    this.latest = state;
  }

  private setZoom(zoom: number): void {
    const middle = (this.box.scrollLeft + this.box.clientWidth / 2) / Math.max(this.box.scrollWidth, 1);
    this.zoom = Math.min(Math.max(zoom, 1), ZOOM_MAX);
    this.box.style.setProperty("--zoom", String(this.zoom));
    this.box.scrollLeft = middle * this.box.scrollWidth - this.box.clientWidth / 2;
    find(this.root, "[data-action=wider]")?.toggleAttribute("disabled", this.zoom === 1);
    find(this.root, "[data-action=whole]")?.toggleAttribute("disabled", this.zoom === 1);
    this.draw();
  }

  private draw(): void {
    const { state } = this;
    if (!state || !this.isSeen) return;
    const height = this.rowHeight;
    this.canvas.style.height = `${state.order.length * height}px`;
    const first = Math.max(0, Math.floor((this.box.scrollTop - this.axis.offsetHeight) / height) - ROWS_AROUND);
    const last = Math.ceil((this.box.scrollTop + this.box.clientHeight) / height) + ROWS_AROUND;
    const names = state.order.slice(first, last);
    this.keep(names);
    const scale = this.scale;
    names.forEach((name, place) => this.drawRow(present(state.steps.get(name)), first + place, height, scale));
    this.drawAxis(scale);
    setText(find(this.root, "[data-slot=timeline-note]"), `${state.order.length.toLocaleString()} steps in ${duration(scale.to - scale.from)}`);
    void this.need(names);
  }

  /** Reading a style forces a layout, so it is read only after a resize. */
  private resized(): void {
    this.rowHeight = Number.parseFloat(getComputedStyle(this.canvas).getPropertyValue("--row")) || ROW_PX;
    this.draw();
  }

  /** Removes rows out of sight, except the one with the focus. */
  private keep(names: readonly string[]): void {
    const wanted = new Set(names);
    for (const [name, row] of this.rows) {
      if (wanted.has(name) || row === document.activeElement) continue;
      row.remove();
      this.rows.delete(name);
    }
  }

  private async need(names: readonly string[]): Promise<void> {
    if (this.isAsking || Date.now() - this.failedAt < FETCH_AGAIN_MS) return;
    this.isAsking = true;
    let isNews = false;
    try {
      isNews = await this.histories.need(names);
    } catch {
      this.failedAt = Date.now();
      setTimeout(() => this.draw(), FETCH_AGAIN_MS + 1);
    } finally {
      this.isAsking = false;
    }
    if (isNews) this.draw();
  }

  private drawRow(step: StepState, place: number, height: number, scale: Scale): void {
    const row = this.rows.get(step.name) ?? this.makeRow(step.name);
    row.style.top = `${place * height}px`;
    row.dataset.place = String(place);
    row.tabIndex = place === this.focused ? 0 : -1;
    const frames = this.histories.get(step.name);
    row.toggleAttribute("aria-busy", !frames);
    const spans = spansOf((frames ?? []).filter(({ seq }) => seq <= this.until), step);
    const shown = this.until === Infinity ? this.endOfNow(scale) : (this.moment ?? scale.to);
    const summary = summaryOf(step, spans, RUN_ENDED.has(this.state?.status ?? ""));
    setText(find(row, ".timeline-sum"), frames ? summary : "Fetching…");
    const words = `${step.name}: ${[summary, ...spans.map((span) => inWords(span, shown))].filter(Boolean).join("; ") || "nothing yet"}`;
    if (row.getAttribute("aria-label") === words && row.dataset.scale === keyOf(scale)) return;
    row.setAttribute("aria-label", words);
    row.dataset.scale = keyOf(scale);
    mustFind(row, ".timeline-bars").replaceChildren(...spans.slice(-SPANS_DRAWN_MAX).map((span) => bar(span, scale, shown)));
  }

  private endOfNow(scale: Scale): number {
    return RUN_ENDED.has(this.latest?.status ?? "") ? scale.to : this.now();
  }

  private makeRow(name: string): HTMLElement {
    const row = element(
      "button", "timeline-row", element("span", "timeline-name", element("b", "", name), element("span", "timeline-sum muted")),
      element("span", "timeline-bars"),
    );
    row.setAttribute("type", "button");
    row.dataset.step = name;
    this.rows.set(name, row);
    this.canvas.append(row);
    return row;
  }

  private drawAxis(scale: Scale): void {
    const holder = mustFind(this.axis, "[data-slot=timeline-marks]");
    const width = Math.max(holder.clientWidth, 1);
    const seen = { from: this.box.scrollLeft / width, to: (this.box.scrollLeft + this.box.clientWidth) / width };
    const marks = marksOf(scale, width / MARK_EVERY_PX, seen).map((at) => {
      const mark = element("span", "timeline-mark", at ? duration(at) : "0");
      mark.style.left = percent(placeOf(scale, scale.from + at));
      return mark;
    });
    holder.replaceChildren(...marks);
    this.line.hidden = this.moment === null;
    if (this.moment !== null) this.line.style.left = percent(placeOf(scale, this.moment));
  }

  private clicked(target: EventTarget | null): void {
    const row = target instanceof Element ? target.closest<HTMLElement>("[data-place]") : null;
    if (!row) return;
    this.focused = Number(row.dataset.place);
    this.choose(row.dataset.step ?? "");
  }

  private pressed(event: KeyboardEvent): void {
    const last = (this.state?.order.length ?? 0) - 1;
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.rowHeight) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: this.focused + 1, ArrowUp: this.focused - 1, PageDown: this.focused + page, PageUp: this.focused - page, Home: 0, End: last,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.focus(Math.min(Math.max(to, 0), last));
  }

  private focus(place: number): void {
    this.focused = place;
    const [top, height] = [place * this.rowHeight, this.rowHeight];
    const seen = this.box.clientHeight - this.axis.offsetHeight;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + height > this.box.scrollTop + seen) this.box.scrollTop = top + height - seen;
    this.draw();
    this.rows.get(this.state?.order[place] ?? "")?.focus({ preventScroll: true });
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(7)}%`;
const keyOf = ({ from, to }: Scale): string => `${from} ${to}`;

function bar(span: Span, scale: Scale, shown: number): HTMLElement {
  const to = span.to ?? Math.max(shown, span.from);
  const made = element("span", "timeline-bar");
  const look = ENDS[span.outcome] ?? (span.kind === "attempt" && span.outcome === "completed" ? STEP_LOOKS.completed : LOOKS[span.kind]);
  Object.assign(made.dataset, { kind: span.kind, tone: look.tone, outcome: span.outcome });
  const [start, end] = [placeOf(scale, span.from), placeOf(scale, to)];
  made.style.left = percent(start);
  made.style.width = percent(end - start);
  made.title = inWords(span, shown);
  made.append(icon(look.icon));
  return made;
}

function inWords(span: Span, shown: number): string {
  const took = duration((span.to ?? Math.max(shown, span.from)) - span.from);
  return `${spanText(span)}, ${span.to === null ? `for ${took} so far` : took} from ${clock(new Date(span.from))}`;
}

/** The few words under a step's name. */
function summaryOf(step: StepState, spans: readonly Span[], isOver: boolean): string {
  const status = isOver && step.status === "pending" ? STEP_LOOKS.unreached.word.toLowerCase() : step.status;
  const items = step.items ? `${doneOf(step.items)} of ${step.items.total} items${step.items.failing.size ? `, ${step.items.failing.size} failed` : ""}` : "";
  return [status, attemptsText(spans), items, lookOf("undo", step.undo)?.word.toLowerCase() ?? ""].filter(Boolean).join(" · ");
}
