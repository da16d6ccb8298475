/** A run's page, live: the socket's frames go through `applyFrames` and the views paint what changed. */
import { find, readJson } from "../ui/dom";
import { applyFrames } from "./apply";
import { Connection, type ConnectionState, type Socket } from "./connection";
import type { Frame } from "./frame";
import { ENDED, newRun, type RunState } from "./state";
import { Badges } from "./view/badges";
import { HeaderView, paintConnection } from "./view/header";
import { JournalView } from "./view/journal";
import { PanelView } from "./view/panel";
import { ResultsView } from "./view/results";
import { StepsView } from "./view/steps";

interface PageData {
  names: string[];
  lastSeq: number;
  now: string;
  socket: string;
  api: string;
  panel: string;
}

const PAINT_MS = 40;
const TICK_MS = 500;
/** Without news for this long, the page asks whether it missed some. */
const CHECK_MS = 15_000;

class RunPage {
  private state: RunState;
  private waiting: Frame[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private connectionState: ConnectionState = { kind: "connecting" };
  private heardAt = Date.now();
  private readonly now: () => number;
  private readonly steps: StepsView;
  private readonly header: HeaderView;
  private readonly journal: JournalView;
  private readonly panel: PanelView;
  private readonly results: ResultsView;
  private readonly connection: Connection;

  constructor(private readonly root: HTMLElement, private readonly data: PageData) {
    const badges = Badges.of(document);
    const skew = Date.parse(data.now) - Date.now();
    this.now = () => Date.now() + skew;
    this.state = newRun(data.names);
    this.steps = new StepsView(
      find(root, "[data-slot=steps]")!, find(document, "template#step")!, badges, this.now,
    );
    this.header = new HeaderView(root, badges, this.now);
    this.journal = new JournalView(find(root, "[data-view=journal]")!);
    this.panel = new PanelView(find(root, "[data-view=panel]")!, data.panel, (seq) => this.connection.expect(seq));
    this.results = new ResultsView(root, data.api, () => this.state.lastSeq);
    this.connection = new Connection({
      url: socketUrl(data.socket), after: 0, known: data.lastSeq,
      open: (url) => new WebSocket(url) as unknown as Socket,
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.showConnection(state),
    });
  }

  start(): void {
    this.connection.start();
    setInterval(() => this.tick(), TICK_MS);
    setInterval(() => void this.check(), CHECK_MS);
    addEventListener("offline", () => this.connection.lose());
    addEventListener("online", () => this.connection.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.connection.retryNow());
  }

  private receive(frame: Frame): void {
    this.heardAt = Date.now();
    this.waiting.push(frame);
    this.timer ??= setTimeout(() => this.flush(), PAINT_MS);
  }

  /** Paints nothing before the page knows as much as the server's own drawing of it. */
  private flush(): void {
    this.timer = undefined;
    const frames = this.waiting;
    this.waiting = [];
    const before = this.state;
    this.state = applyFrames(before, frames);
    this.journal.add(frames, this.connectionState.kind === "live");
    if (this.state.lastSeq < this.data.lastSeq) return;
    this.steps.paint(this.state);
    this.header.paint(this.state);
    this.showConnection(this.connectionState);
    if (frames.some((frame) => frame.seq > this.data.lastSeq)) this.followUp(before, frames);
  }

  private followUp(before: RunState, frames: readonly Frame[]): void {
    const wasWaitedFor = (step: string): boolean => before.steps.get(step)?.status === "waiting";
    const isNews = frames.some(({ type, step }) => SITUATIONS.test(type) || wasWaitedFor(step));
    if (isNews || before.status !== this.state.status) this.panel.refreshSoon();
    if (ENDED.has(this.state.status)) this.results.refresh(this.root);
  }

  private showConnection(state: ConnectionState): void {
    this.connectionState = state;
    paintConnection(find(this.root, "[data-slot=connection]")!, state, this.connection.lastSeq);
  }

  private tick(): void {
    if (document.hidden || this.state.lastSeq < this.data.lastSeq) return;
    this.steps.tick();
    this.header.tick();
  }

  private async check(): Promise<void> {
    const isQuiet = Date.now() - this.heardAt > CHECK_MS;
    if (document.hidden || !isQuiet || this.connectionState.kind !== "live") return;
    if (!(await this.panel.refresh())) this.connection.lose();
  }
}

/** Entries after which the server may allow other things than before. */
const SITUATIONS = /^(run\.|intervention\.|signal\.|step\.waiting)/;

function socketUrl(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

export function startRunPage(): void {
  const root = find<HTMLElement>(document, "[data-page=run]");
  const data = readJson<PageData>("run-page");
  if (root && data) new RunPage(root, data).start();
}
