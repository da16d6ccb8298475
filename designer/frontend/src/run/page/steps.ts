/** The list of steps with their forward and undo statuses. Long lists are drawn as they are scrolled to. */
import { present } from "../../shared/present";
import { element, find, mustFind, setText } from "../../shared/dom";
import { duration } from "../../shared/time";
import type { Items, RunState, StepState } from "../model/state";
import { attempts, countsOf, detail, doneOf, errorOf, failingOf } from "../model/words";
import type { Badges } from "../../shared/badges";
import type { Facts } from "./facts";
import { RUN_ENDED } from "../../shared/vocabulary";

const DRAWN_STEP = 50;
/** A longer list scrolls by itself; as in `runs/detail.html`. */
const LONG = 75;

export class StepsView {
  private readonly rows = new Map<string, HTMLElement>();
  private readonly painted = new Map<string, StepState>();
  private readonly more = element("li", "steps-more", "More steps…");
  private isOver = false;
  private drawn: number;
  private state: RunState | null = null;
  private moment: number | null = null;

  constructor(
    private readonly list: HTMLElement,
    private readonly template: HTMLTemplateElement,
    private readonly badges: Badges,
    private readonly now: () => number,
    private readonly factsOf: (name: string) => Facts,
    choose: (name: string) => void,
  ) {
    for (const row of list.querySelectorAll<HTMLElement>(":scope > [data-step]")) {
      this.rows.set(row.dataset.step ?? "", row);
    }
    this.drawn = Math.max(DRAWN_STEP, this.rows.size);
    list.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("[data-action=choose]") : null;
      const step = button?.closest<HTMLElement>("[data-step]")?.dataset.step;
      if (step) choose(step);
    });
    new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && this.drawMore(), { root: list, rootMargin: "600px" }).observe(this.more);
  }

  /** `moment` is the time of a past state; the clocks of a present one run on. */
  paint(state: RunState, moment: string | null): void {
    this.state = state;
    this.moment = moment === null ? null : Date.parse(moment);
    this.arrange(state);
    const isOver = RUN_ENDED.has(state.status);
    if (isOver !== this.isOver) this.painted.clear();
    this.isOver = isOver;
    for (const name of this.rows.keys()) {
      const step = state.steps.get(name);
      if (step && this.painted.get(name) !== step) this.paintStep(step);
    }
  }

  /** Marks the step whose panel is open. */
  mark(name: string | null): void {
    for (const [step, row] of this.rows) row.toggleAttribute("data-chosen", step === name);
  }

  /** Moves the clocks of what is under way. */
  tick(): void {
    for (const step of this.painted.values()) {
      if (step.status === "running" || step.dueAt) this.paintTimes(present(this.rows.get(step.name)), step);
    }
  }

  private drawMore(): void {
    if (!this.state || this.drawn >= this.state.order.length) return;
    this.drawn += DRAWN_STEP;
    this.paint(this.state, this.moment === null ? null : new Date(this.moment).toISOString());
  }

  /** Rows in order; a step that is not there at the moment shown is hidden. */
  private arrange({ order, steps }: RunState): void {
    let before: HTMLElement | null = null;
    for (const name of order.slice(0, this.drawn)) {
      const row: HTMLElement = this.rows.get(name) ?? this.makeRow(present(steps.get(name)));
      if (!row.isConnected && before) before.after(row);
      else if (!row.isConnected) this.list.prepend(row);
      before = row;
    }
    for (const [name, row] of this.rows) row.hidden = !steps.has(name);
    this.list.toggleAttribute("data-long", order.length > LONG);
    if (order.length > this.drawn) this.list.append(this.more);
    else this.more.remove();
  }

  private makeRow({ name, addedBy }: StepState): HTMLElement {
    const row = mustFind(this.template.content, "[data-step]").cloneNode(true) as HTMLElement;
    const { does, after, undo, slotKind } = this.factsOf(name);
    Object.assign(row.dataset, { step: name, slotKind });
    setText(slot(row, "name"), name);
    setText(slot(row, "does"), does);
    setText(slot(row, "after"), after);
    setText(slot(row, "undone-by"), undo);
    if (addedBy) setText(slot(row, "origin"), `added by ${addedBy}`);
    this.rows.set(name, row);
    return row;
  }

  private paintStep(step: StepState): void {
    const row = present(this.rows.get(step.name));
    this.painted.set(step.name, step);
    Object.assign(row.dataset, { status: step.status, undo: step.undo });
    const shown = this.isOver && step.status === "pending" ? "unreached" : step.status;
    this.badges.show(slot(row, "status"), "step", shown);
    this.badges.showIcon(slot(row, "forward-node"), "step", shown);
    this.paintUndo(row, step);
    this.paintTimes(row, step);
    setText(slot(row, "attempts"), attempts(step));
    setText(slot(row, "error"), errorOf(step));
    slot(row, "output")?.toggleAttribute("hidden", step.status !== "completed");
    this.paintItems(row, step.items);
  }

  private paintUndo(row: HTMLElement, { undo, undoPlace }: StepState): void {
    const badge = slot(row, "undo");
    badge?.toggleAttribute("hidden", undo === "none");
    if (undo === "none") return;
    this.badges.show(badge, "undo", undo);
    this.badges.showIcon(slot(row, "undo-node"), "undo", undo);
    if (undoPlace && undo === "pending") badge?.firstElementChild?.setAttribute("title", `Number ${undoPlace} to be undone`);
  }

  private paintTimes(row: HTMLElement, step: StepState): void {
    const now = this.moment ?? this.now();
    const isUnderWay = step.status === "running" || step.status === "waiting";
    const end = step.finishedAt && !isUnderWay ? Date.parse(step.finishedAt) : now;
    const isTimed = isUnderWay || step.finishedAt !== null;
    setText(slot(row, "duration"), isTimed && step.startedAt ? duration(end - Date.parse(step.startedAt)) : "");
    setText(slot(row, "detail"), detail(step, now));
  }

  private paintItems(row: HTMLElement, items: Items | null): void {
    const box = slot(row, "items");
    box?.toggleAttribute("hidden", !items);
    if (!box || !items) return;
    const meter = find<HTMLProgressElement>(box, "progress");
    if (meter) [meter.max, meter.value] = [Math.max(items.total, 1), doneOf(items)];
    setText(slot(box, "counts"), countsOf(items));
    setText(slot(box, "failing"), failingOf(items));
  }
}

function slot(root: ParentNode, name: string): HTMLElement | null {
  return find(root, `[data-slot="${name}"]`);
}
