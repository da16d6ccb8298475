/**
 * What the canvas of a run shows: the run and the nested runs that are opened in it. Without React, so
 * that a page can begin before the canvas is loaded.
 */
import { memberOf } from "../../shared/json";
import type { StepStatus } from "../../graph/view/statuses";
import type { Document } from "../../graph/model/document";
import type { Frame } from "../model/frame";
import { itemName } from "../model/apply";
import type { RunState, StepState } from "../model/state";
import { RUN_ENDED } from "../../shared/vocabulary";
import { fetchView } from "./api";
import { WatchedRun } from "./watched";
import { statusOf } from "./stepStatus";
import { idOf, splitId, without } from "../model/nesting";

export const NESTED_MAX = 12;

/** Receives the statuses; set by the canvas once it is loaded. */
export interface Painter {
  set(changes: Iterable<readonly [step: string, status: StepStatus]>): void;
}

export interface Section {
  readonly path: string;
  /** The whole graph, which decides about places; `shown` is the part that exists at the moment shown. */
  readonly document: Document;
  readonly shown: Document;
}

interface Nested {
  readonly run: WatchedRun;
  state: RunState;
}

/** Of a loop or a map, the run of the item that began last. */
function newestItemRun(children: Readonly<Record<string, string>>, step: string): string | undefined {
  const items = Object.entries(children).flatMap(([name, run]) => {
    const item = itemName(name);
    return item?.map === step ? [{ index: item.index, run }] : [];
  });
  return items.sort((a, b) => b.index - a.index)[0]?.run;
}

export class RunTree {
  private sections: readonly Section[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly nested = new Map<string, Nested>();
  private readonly opening = new Set<string>();
  private painter: Painter | undefined;
  private painted = new Map<string, StepState>();
  private overs = new Map<string, boolean>();
  private moment: string | null = null;
  private chosen: string | null = null;

  constructor(private readonly root: WatchedRun, private state: RunState, private readonly choose: (run: WatchedRun, step: string) => void,
    private readonly heard: (run: WatchedRun, frames: readonly Frame[]) => void = () => undefined) {
    this.arrange();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getSections = (): readonly Section[] => this.sections;
  getChosen = (): string | null => this.chosen;

  attach(painter: Painter): void {
    this.painter = painter;
    this.painted = new Map();
    this.paint("", this.state);
    for (const [path, { state }] of this.nested) this.paint(path, state);
  }

  /** Shows the run in a state; `moment` is the time of a past state, null for now. */
  show(state: RunState, moment: string | null): void {
    const isOther = moment !== this.moment;
    [this.state, this.moment] = [state, moment];
    this.paint("", state);
    this.arrange();
    if (isOther) for (const nested of this.nested.values()) void this.follow(nested);
  }

  grown(): void {
    this.arrange();
  }

  select(id: string): void {
    const [path, name] = splitId(id);
    const run = path ? this.nested.get(path)?.run : this.root;
    this.mark(id);
    if (run) this.choose(run, name);
  }

  mark(id: string | null): void {
    this.chosen = id;
    this.tell();
  }

  childOf(id: string): string | undefined {
    const [path, name] = splitId(id);
    const run = path ? this.nested.get(path)?.run : this.root;
    return run && (memberOf(run.view.children, name) ?? newestItemRun(run.view.children, name));
  }

  pageOf(id: string): string | undefined {
    return this.nested.get(id)?.run.view.page;
  }

  isOpen(id: string): boolean {
    return this.nested.has(id);
  }

  async toggle(id: string): Promise<void> {
    if (this.nested.has(id)) {
      this.close(id);
      return;
    }
    const child = this.childOf(id);
    if (!child || this.opening.has(id) || this.nested.size >= NESTED_MAX) return;
    this.opening.add(id);
    try {
      this.open(id, await fetchView(`/api/v1/runs/${child}`));
    } finally {
      this.opening.delete(id);
    }
  }

  private open(id: string, view: WatchedRun["view"]): void {
    const run = new WatchedRun(view, {
      moved: (_, frames) => {
        this.heard(run, frames);
        void this.follow(nested);
      },
      grown: () => this.arrange(), connected: () => undefined,
    });
    const nested: Nested = { run, state: run.state };
    this.nested.set(id, nested);
    run.start();
    this.paint(id, run.state);
    this.arrange();
  }

  private close(id: string): void {
    for (const [path, { run }] of this.nested) {
      if (path !== id && !path.startsWith(`${id}/`)) continue;
      run.stop();
      this.nested.delete(path);
      for (const key of [...this.painted.keys()]) if (key.startsWith(`${path}/`)) this.painted.delete(key);
    }
    this.arrange();
  }

  /** A nested run is shown at the same moment as the run around it. */
  private async follow(nested: Nested): Promise<void> {
    const { run } = nested;
    const moment = this.moment;
    const state = moment === null ? run.state : await run.at(await run.seqAt(moment)).catch(() => null);
    const path = [...this.nested].find(([, candidate]) => candidate === nested)?.[0];
    if (!state || path === undefined || moment !== this.moment) return;
    nested.state = state;
    this.paint(path, state);
    this.arrange();
  }

  private paint(path: string, { status, steps }: RunState): void {
    const isOver = RUN_ENDED.has(status);
    const isSame = this.overs.get(path) === isOver;
    this.overs.set(path, isOver);
    const changed = [...steps.values()].filter((step) => !isSame || this.painted.get(idOf(path, step.name)) !== step);
    for (const step of changed) this.painted.set(idOf(path, step.name), step);
    this.painter?.set(changed.map((step) => [idOf(path, step.name), statusOf(step, isOver)] as const));
  }

  private arrange(): void {
    const all = [["", this.root, this.state] as const, ...[...this.nested].map(([path, { run, state }]) => [path, run, state] as const)];
    const next = all.map(([path, { view }, state]) => this.section(path, view.document, state));
    const isSame = next.length === this.sections.length && next.every((section, place) => section === this.sections[place]);
    if (isSame) return;
    this.sections = next;
    this.tell();
  }

  private section(path: string, document: Document, { steps }: RunState): Section {
    const listed = Array.isArray(document.steps) ? (document.steps as readonly { name: string }[]) : [];
    const absent = new Set(listed.map(({ name }) => name).filter((name) => !steps.has(name)));
    const before = this.sections.find((section) => section.path === path);
    const key = [...absent].join("\n");
    if (before?.document === document && this.absents.get(path) === key) return before;
    this.absents.set(path, key);
    return { path, document, shown: without(document, absent) };
  }

  private readonly absents = new Map<string, string>();

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
