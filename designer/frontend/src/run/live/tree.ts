/**
 * What the canvas of a run shows: the run, and in it the nested runs that are opened and the bodies that are
 * unfolded. A body is there before its run is; once there is one, or a newer one of a loop or map, it shows that.
 * Without React, so that a page can begin before the canvas is loaded.
 */
import { memberOf } from "../../shared/json";
import type { StepStatus } from "../../graph/view/statuses";
import { bodyOf, idOf, idsWithin, splitId, type Section } from "../../graph/model/bodies";
import { idsOf, stepsOf, type Document } from "../../graph/model/document";
import type { Frame } from "../model/frame";
import { itemName } from "../model/apply";
import { newRun, type RunState, type StepState } from "../model/state";
import { RUN_ENDED } from "../../shared/vocabulary";
import { fetchView } from "./api";
import { WatchedRun } from "./watched";
import { statusOf } from "./stepStatus";
import { without } from "../model/nesting";
import { keepUnfolded, readUnfolded, toggled } from "../../graph/view/unfolded";

export const NESTED_MAX = 12;

/** Receives the statuses; set by the canvas once it is loaded. */
export interface Painter {
  set(changes: Iterable<readonly [step: string, status: StepStatus]>): void;
}

export interface RunSection extends Section {
  /** The part of the graph that exists at the moment shown; all of it decides about places. */
  readonly shown: Document;
}

interface Nested {
  /** Null while the body that is shown has no run yet. */
  run: WatchedRun | null;
  document: Document;
  state: RunState;
}
/** The run of a step; of a loop or a map that of the item that began last, with its index. */
interface Child {
  readonly run: string;
  readonly index: number | null;
}

function childIn(children: Readonly<Record<string, string>>, step: string): Child | undefined {
  const own = memberOf(children, step);
  if (own) return { run: own, index: null };
  const items = Object.entries(children).flatMap(([name, run]) => {
    const item = itemName(name);
    return item?.map === step ? [{ index: item.index, run }] : [];
  });
  return items.sort((a, b) => b.index - a.index)[0];
}

export class RunTree {
  private sections: readonly RunSection[] = [];
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
    for (const id of [...this.kept()].sort()) if (this.bodyAt(id) && this.nested.size < NESTED_MAX) this.unfold(id);
    this.arrange();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getSections = (): readonly RunSection[] => this.sections;
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
    for (const id of this.nested.keys()) void this.showNewest(id).catch(() => undefined);
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

  /** Whether a step has steps inside to be shown in place: its run's, or those of a body that has none yet. */
  canOpen(id: string): boolean {
    return this.childOf(id) !== undefined || this.hasBody(id);
  }

  hasBody(id: string): boolean {
    return this.bodyAt(id) !== null;
  }

  /** Of a loop or a map, the index of the item whose run is shown. */
  itemOf(id: string): number | null {
    const child = this.childOf(id);
    return child && this.nested.get(id)?.run?.view.id === child.run ? child.index : null;
  }

  pageOf(id: string): string | undefined {
    return this.nested.get(id)?.run?.view.page;
  }

  isOpen(id: string): boolean {
    return this.nested.has(id);
  }

  async toggle(id: string): Promise<void> {
    if (this.hasBody(id)) this.keep(toggled(this.kept(), id));
    if (this.nested.has(id)) this.close(id);
    else if (!this.canOpen(id) || this.nested.size >= NESTED_MAX) return;
    else if (this.hasBody(id)) this.unfold(id);
    else await this.showNewest(id);
  }

  private childOf(id: string): Child | undefined {
    const [path, name] = splitId(id);
    const run = path ? this.nested.get(path)?.run : this.root;
    return run ? childIn(run.view.children, name) : undefined;
  }

  private bodyAt(id: string): Document | null {
    const [path, name] = splitId(id);
    const document = path ? this.nested.get(path)?.document : this.root.view.document;
    return document ? bodyOf(document, name) : null;
  }

  /** What is unfolded in the workflow, with the ids that this run, which may be one of a body, has for it. */
  private kept(): ReadonlySet<string> {
    return idsWithin(readUnfolded(this.root.view.workflow), this.root.view.body);
  }

  private keep(ids: ReadonlySet<string>): void {
    const { workflow, body } = this.root.view;
    const others = [...readUnfolded(workflow)].filter((id) => body && !id.startsWith(`${body}/`));
    keepUnfolded(workflow, new Set([...others, ...[...ids].map((id) => idOf(body, id))]));
  }

  private unfold(id: string): void {
    const document = this.bodyAt(id) ?? {};
    const nested: Nested = { run: null, document, state: newRun(idsOf(stepsOf(document))) };
    this.nested.set(id, nested);
    this.paint(id, nested.state);
    this.arrange();
    void this.showNewest(id).catch(() => undefined);
  }

  /** Shows the newest run of a step, if there is one that is not shown yet. */
  private async showNewest(id: string): Promise<void> {
    const child = this.childOf(id);
    if (!child || this.opening.has(id) || this.nested.get(id)?.run?.view.id === child.run) return;
    this.opening.add(id);
    try {
      const view = await fetchView(`/api/v1/runs/${child.run}`);
      if (this.nested.has(id) || !this.hasBody(id)) this.watch(id, view);
    } finally {
      this.opening.delete(id);
    }
    if (this.nested.has(id)) await this.showNewest(id);
  }

  private watch(id: string, view: WatchedRun["view"]): void {
    this.nested.get(id)?.run?.stop();
    const run = new WatchedRun(view, {
      moved: (_, frames) => {
        this.heard(run, frames);
        void this.follow(nested);
      },
      grown: () => {
        nested.document = run.view.document;
        this.grown();
      },
      connected: () => undefined,
    });
    const nested: Nested = { run, document: view.document, state: run.state };
    this.nested.set(id, nested);
    run.start();
    this.paint(id, run.state);
    this.grown();
  }

  private close(id: string): void {
    for (const [path, { run }] of this.nested) {
      if (path !== id && !path.startsWith(`${id}/`)) continue;
      run?.stop();
      this.nested.delete(path);
      for (const key of [...this.painted.keys()]) if (key.startsWith(`${path}/`)) this.painted.delete(key);
    }
    this.arrange();
  }

  /** A nested run is shown at the same moment as the run around it. */
  private async follow(nested: Nested): Promise<void> {
    const { run } = nested;
    const moment = this.moment;
    if (!run) return;
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
    const inner = [...this.nested].map(([path, { document, state }]) => this.section(path, document, state));
    const next = [this.section("", this.root.view.document, this.state), ...inner];
    const isSame = next.length === this.sections.length && next.every((section, place) => section === this.sections[place]);
    if (isSame) return;
    this.sections = next;
    this.tell();
  }

  private section(path: string, document: Document, { steps }: RunState): RunSection {
    const absent = new Set(idsOf(stepsOf(document)).filter((name) => !steps.has(name)));
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
