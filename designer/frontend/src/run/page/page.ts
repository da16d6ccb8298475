/** The live page of a run: paints its state, now or at a past moment of its journal. */
import { find, mustFind, pageData } from "../../shared/dom";
import { RunTree } from "../live/tree";
import type { ConnectionState } from "../live/connection";
import type { Frame } from "../model/frame";
import { Histories } from "../model/histories";
import type { Person } from "../model/situation";
import type { RunState } from "../model/state";
import { Badges } from "../../shared/badges";

import { factsOf, keepsToLimit, undoWorkerOf } from "./facts";
import { HeaderView, paintConnection } from "./header";
import { JournalView, showNewest } from "./journal";
import { NowView } from "./now";
import { PanelView } from "./panel";
import { ResultsView } from "./results";
import { SliderView } from "./slider";
import { StepPanel } from "./step";
import { StepsView } from "./steps";
import { Tabs } from "./tabs";
import { TimelineView } from "./timeline";
import { Workbench } from "./workbench";
import { fetchHistories, fetchView, framesIn, type View } from "../live/api";
import { WatchedRun } from "../live/watched";
import { RUN_ENDED } from "../../shared/vocabulary";

interface Opening {
  readonly api: string;
  readonly panel: string;
  readonly lastSeq: number;
  readonly person: Person;
}
/** What the server puts into the page (`runs.watching.opening_json`): of a long run only its newest entries. */
type PageData = (Opening & View) | (Opening & { readonly newest: readonly unknown[] });

const TICK_MS = 500;
/** The replay is prepared after the page is painted and before the slider is likely to move. */
const PREPARE_MS = 1_500;
const VIEW_AGAIN_MS = 2_000;
const VIEW_AGAIN_MS_MAX = 30_000;
/** After this long without frames, the page checks whether it missed some. */
const CHECK_MS = 15_000;

class RunPage {
  private connectionState: ConnectionState = { kind: "connecting" };
  private heardAt = Date.now();
  private readonly now: () => number;
  private readonly run: WatchedRun;
  private readonly tree: RunTree;
  private readonly steps: StepsView;
  private readonly header: HeaderView;
  private readonly journal: JournalView;
  private readonly panel: PanelView;
  private readonly results: ResultsView;
  private readonly slider: SliderView;
  private readonly step: StepPanel;
  private readonly histories: Histories;
  private readonly timeline: TimelineView;
  private readonly situation: NowView;
  private readonly tabs: Tabs;
  /** The panel that a step's values have covered, and what had the focus then. */
  private before: { readonly panel: string; readonly focus: Element | null } | null = null;

  /** `data` is what the canvas starts from, and may be newer than the rest of the page, drawn at `opening.lastSeq`. */
  constructor(private readonly root: HTMLElement, data: View, private readonly opening: Opening, newest: readonly Frame[]) {
    const badges = Badges.of(document);
    const skew = Date.parse(data.now) - Date.now();
    this.now = () => Date.now() + skew;
    this.run = new WatchedRun(data, {
      moved: (before, frames) => this.moved(before, frames),
      grown: () => this.tree.grown(),
      connected: (state) => this.showConnection(state),
    });
    this.run.journal.add(newest);
    this.steps = new StepsView(
      mustFind(root, "[data-slot=steps]"), mustFind(document, "template#step"), badges, this.now,
      (name) => factsOf(this.run.view.document, name), (name) => this.tree.select(name),
    );
    this.header = new HeaderView(root, badges, this.now);
    this.slider = new SliderView(
      mustFind(root, "[data-view=slider]"), (seq) => this.show(seq), async (seq) => (await this.run.journal.range(seq, seq))[0],
    );
    this.journal = new JournalView(mustFind(root, "[data-view=journal]"), this.run.journal, (seq) => this.slider.set(seq));
    this.situation = new NowView(mustFind(root, "#panel-now"), opening.person, (name) => undoWorkerOf(this.run.view.document, name));
    this.panel = new PanelView(mustFind(root, "[data-view=panel]"), opening.panel, data.api, (seq) => {
      this.situation.filter();
      this.run.connection.expect(seq);
    });
    this.tabs = new Tabs(mustFind(root, "[data-view=tabs]"), (panel) => this.shown(panel));
    new Workbench(mustFind(root, "[data-view=workbench]"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && this.before && !document.fullscreenElement) this.step.close();
    });
    this.results = new ResultsView(root, data.api);
    this.step = new StepPanel(mustFind(root, "[data-view=step]"), badges, () => this.unchoose());
    this.tree = new RunTree(this.run, this.run.state, (run, step) => this.choose(run, step), (run, frames) => this.step.moved(run, frames));
    this.histories = new Histories(this.run.journal, (steps) => fetchHistories(data.api, steps));
    this.timeline = new TimelineView(mustFind(root, "[data-view=timeline]"), this.histories, this.now, (name) => this.tree.select(name));
    const canvas = find<HTMLElement & { tree?: RunTree }>(root, "workflow-canvas");
    if (canvas) canvas.tree = this.tree;
  }

  start(): void {
    if (this.run.isCaughtUp) this.paint(this.run.state);
    void this.journal.begin().catch(() => undefined);
    this.run.start();
    this.results.refresh(this.root);
    if (this.run.view.lastSeq > this.opening.lastSeq) this.panel.refreshSoon();
    if (this.run.isCaughtUp) setTimeout(() => void this.run.prepare().catch(() => undefined), PREPARE_MS);
    setInterval(() => this.tick(), TICK_MS);
    setInterval(() => void this.check(), CHECK_MS);
    addEventListener("offline", () => this.run.connection.lose());
    addEventListener("online", () => this.run.connection.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.run.connection.retryNow());
  }

  /** Paints nothing before the state has caught up with the page as the server drew it. */
  private moved(before: RunState, frames: readonly Frame[]): void {
    this.heardAt = Date.now();
    this.journal.add(frames, this.connectionState.kind === "live");
    this.step.moved(this.run, frames);
    this.histories.add(frames);
    if (!this.run.isCaughtUp) return;
    this.paint(this.run.state);
    this.showConnection(this.connectionState);
    if (frames.some((frame) => frame.seq > this.opening.lastSeq)) this.followUp(before, frames);
  }

  private paint(state: RunState): void {
    this.header.paint(state);
    this.timeline.follow(state);
    this.slider.grow(state.lastSeq);
    if (this.slider.shown === null) this.paintMoment(state, null);
  }

  private paintMoment(state: RunState, seq: number | null): void {
    const frame = seq ? this.run.journal.get(seq) : undefined;
    const moment = seq === null ? null : (frame?.at ?? new Date(0).toISOString());
    this.steps.paint(state, moment);
    this.tree.show(state, moment);
    this.timeline.show(state, seq, moment);
    this.situation.paint(state, seq !== null);
    this.slider.say(seq, frame);
    this.step.show(this.run, state, seq);
  }

  /** The run as it was after entry `seq`, or as it is now. */
  private async show(seq: number | null): Promise<void> {
    try {
      const state = seq === null ? this.run.state : await this.run.at(seq, (reached) => this.slider.sayWait(reached));
      if (this.slider.shown !== seq) return;
      this.paintMoment(state, seq);
      await this.journal.mark(seq);
    } catch {
      if (this.slider.shown === seq) this.slider.sayFailure();
    }
  }

  private choose(run: WatchedRun, step: string): void {
    this.before ??= { panel: this.tabs.panel, focus: document.activeElement };
    this.mark(run === this.run ? step : null);
    this.tabs.show("panel-step");
    void this.step.open(run, step, run === this.run ? this.slider.shown : null);
  }

  private unchoose(): void {
    this.mark(null);
    this.tree.mark(null);
    const { before } = this;
    this.before = null;
    if (!before) return;
    this.tabs.show(before.panel);
    refocus(before.focus);
  }

  private shown(panel: string): void {
    if (panel === "panel-journal") this.journal.shown();
  }

  private mark(step: string | null): void {
    this.steps.mark(step);
    this.timeline.mark(step);
  }

  private followUp(before: RunState, frames: readonly Frame[]): void {
    const wasWaitedFor = (step: string): boolean => before.steps.get(step)?.status === "waiting";
    const mayWait = (step: string): boolean => keepsToLimit(this.run.view.document, step);
    const isNews = frames.some(({ type, step }) => SITUATIONS.test(type) || wasWaitedFor(step) || (type === "step.queued" && mayWait(step)));
    if (isNews || before.status !== this.run.state.status) this.panel.refreshSoon();
    if (RUN_ENDED.has(this.run.state.status)) this.results.refresh(this.root);
  }

  private showConnection(state: ConnectionState): void {
    this.connectionState = state;
    paintConnection(mustFind(this.root, "[data-slot=connection]"), state, this.run.connection.lastSeq);
  }

  private tick(): void {
    if (document.hidden || !this.run.isCaughtUp) return;
    if (this.slider.shown === null) this.steps.tick();
    this.timeline.tick();
    this.header.tick();
  }

  private async check(): Promise<void> {
    const isQuiet = Date.now() - this.heardAt > CHECK_MS;
    if (document.hidden || !isQuiet || this.connectionState.kind !== "live") return;
    if (!(await this.panel.refresh())) this.run.connection.lose();
  }
}

/** The canvas takes the focus off a step on Escape, in the next frame. */
function refocus(target: Element | null): void {
  if (!(target instanceof HTMLElement)) return;
  requestAnimationFrame(() => requestAnimationFrame(() => target.focus({ preventScroll: true })));
}

/** Entries after which the server may allow other things than before. */
const SITUATIONS = /^(run\.|intervention\.|signal\.|step\.waiting)/;

/** A long run's newest entries are shown at once; all else waits for the view of it. */
export async function startRunPage(): Promise<void> {
  const root = find(document, "[data-page=run]");
  const data = pageData<PageData>("run-page");
  if (!root || !data) return;
  if (!("newest" in data)) {
    new RunPage(root, data, data, []).start();
    return;
  }
  const newest = framesIn(data.newest);
  showNewest(root, newest);
  new RunPage(root, await viewOf(root, data), data, newest).start();
}

async function viewOf(root: HTMLElement, { api, lastSeq }: Opening): Promise<View> {
  for (let tries = 0; ; tries += 1) {
    const view = await fetchView(api).catch(() => null);
    if (view) return view;
    const delayMs = Math.min(VIEW_AGAIN_MS * 2 ** tries, VIEW_AGAIN_MS_MAX);
    paintConnection(mustFind(root, "[data-slot=connection]"), { kind: "reconnecting", delayMs, tries }, lastSeq);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}
