/** The panel of one step: its values, attempts, log lines and items, now or at the moment shown. */
import { element, find, icon, mustFind, setText } from "../../shared/dom";
import { clock, duration, exact } from "../../shared/time";
import { sizeOf } from "../../shared/value";
import { LIMITS, STEP_LOOKS, type Look } from "../../shared/vocabulary";
import { attemptsOf, type Attempt } from "../model/attempts";
import { asCount, asText, type Frame } from "../model/frame";
import type { RunState, StepState } from "../model/state";
import { fetchFrames, fetchJson } from "../live/api";
import type { WatchedRun } from "../live/watched";
import { countsOf, errorOf, waitsFor } from "../model/words";
import { workersOf } from "./facts";
import type { Badges } from "../../shared/badges";
import { ItemsTable } from "./items";

const ENTRIES_MAX = 5_000;
const LIMIT = LIMITS.frames;

export class StepPanel {
  private run: WatchedRun | null = null;
  private name = "";
  private frames: Frame[] = [];
  private until = Infinity;
  private loading = 0;
  private readonly items: ItemsTable;

  constructor(private readonly root: HTMLElement, private readonly badges: Badges, private readonly closed: () => void) {
    this.items = new ItemsTable(mustFind(root, "[data-slot=item-table]"));
    find(root, "[data-action=close]")?.addEventListener("click", () => this.close());
  }

  async open(run: WatchedRun, name: string, until: number | null): Promise<void> {
    [this.run, this.name, this.until, this.frames] = [run, name, until ?? Infinity, []];
    this.root.hidden = false;
    this.root.parentElement?.scrollTo({ top: 0 });
    Object.assign(this.root.dataset, { step: name, api: run.view.api });
    for (const details of this.root.querySelectorAll("details")) details.open = false;
    setText(this.slot("panel-name"), name);
    setText(this.slot("panel-run"), run.view.workflow);
    this.paintWorkers(workersOf(run.view.document, name));
    const state = run.state.steps.get(name);
    this.items.show(run.view.api, name, state?.items ?? null);
    if (state) this.paintState(state);
    this.paint();
    await Promise.all([this.load(run, name), this.learn(run, name)]);
  }

  close(): void {
    this.root.hidden = true;
    this.run = null;
    this.name = "";
    this.closed();
  }

  /** Frames have arrived for the run whose step is shown. */
  moved(run: WatchedRun, frames: readonly Frame[]): void {
    if (run !== this.run) return;
    const fresh = frames.filter(({ step, seq }) => step === this.name && seq > (this.frames.at(-1)?.seq ?? 0));
    if (!this.loading) this.frames.push(...fresh);
    if (fresh.some(({ type }) => type !== "step.progress")) void this.learn(run, this.name);
    if (fresh.length) this.paint();
    if (frames.some(({ step }) => step.startsWith(`${this.name}[`))) this.items.refreshSoon();
  }

  /** The moment that the page shows: `state` is the run's then. */
  show(run: WatchedRun, state: RunState, until: number | null): void {
    if (run !== this.run) return;
    this.until = until ?? Infinity;
    const step = state.steps.get(this.name);
    if (step) this.paintState(step);
    this.paint();
  }

  private async load(run: WatchedRun, name: string): Promise<void> {
    const turn = ++this.loading;
    const frames: Frame[] = [];
    try {
      for (let after = 0, count = LIMIT; count === LIMIT && frames.length < ENTRIES_MAX; after = frames.at(-1)?.seq ?? after) {
        const page = await fetchFrames(run.view.api, { after, limit: LIMIT, step: name });
        frames.push(...page);
        count = page.length;
      }
      if (turn !== this.loading) return;
      this.frames = frames;
    } catch {
      if (turn === this.loading) setText(this.slot("attempts-note"), "The attempts could not be fetched. Choose the step again.");
    } finally {
      if (turn === this.loading) this.loading = 0;
    }
    this.paint();
  }

  private async learn(run: WatchedRun, name: string): Promise<void> {
    const facts = await fetchJson(`${run.view.api}/steps/${encodeURIComponent(name)}/facts`).catch(() => null);
    if (!facts || run !== this.run || name !== this.name) return;
    const bytes = asCount(facts.output_bytes);
    setText(this.slot("output-size"), bytes === null ? "none yet" : sizeOf(bytes));
    mustFind(this.root, "[data-result=output]").hidden = bytes === null;
    mustFind(this.root, "[data-result=changes]").hidden = bytes === null;
    const traceback = asText(facts.traceback);
    mustFind(this.root, '[data-slot="traceback-box"]').hidden = !traceback;
    setText(this.slot("traceback"), traceback ?? "");
  }

  private paintWorkers(workers: ReturnType<typeof workersOf>): void {
    const box = mustFind(this.root, '[data-slot="panel-workers"]');
    box.hidden = !workers.length;
    box.replaceChildren(...workers.map(([use, worker]) => {
      const link = element("a", "link code", worker);
      link.setAttribute("href", `/workers/${encodeURIComponent(worker)}/`);
      return element("li", "", `${use}: `, link);
    }));
  }

  private paintState(step: StepState): void {
    this.badges.show(this.slot("panel-status"), "step", step.status);
    mustFind(this.root, '[data-slot="panel-undo"]').hidden = step.undo === "none";
    if (step.undo !== "none") this.badges.show(this.slot("panel-undo"), "undo", step.undo);
    const waits = step.status === "waiting" ? waitsFor(step) : "";
    setText(this.slot("panel-waits"), waits);
    setText(this.slot("panel-error"), errorOf(step));
    setText(this.slot("panel-counts"), step.items ? countsOf(step.items) : "");
  }

  private paint(): void {
    const attempts = attemptsOf(this.frames.filter(({ seq }) => seq <= this.until));
    mustFind(this.root, '[data-slot="attempts"]').replaceChildren(...attempts.map(row));
    setText(this.slot("attempts-note"), this.loading ? "Fetching…" : attempts.length ? "" : "No attempt has begun.");
    const lines = attempts.flatMap((attempt) => attempt.lines.map((line) => `${labelOf(attempt)}: ${line}`));
    const dropped = attempts.reduce((sum, attempt) => sum + attempt.linesDropped, 0);
    const box = mustFind(this.root, '[data-slot="log"]');
    mustFind(this.root, '[data-slot="log-box"]').hidden = !lines.length;
    const follows = box.scrollHeight - box.scrollTop - box.clientHeight < 30;
    setText(box, lines.join("\n"));
    setText(this.slot("log-count"), `${lines.length}${dropped ? ` of ${lines.length + dropped}` : ""} lines`);
    if (follows) box.scrollTop = box.scrollHeight;
  }

  private slot(name: string): HTMLElement | null {
    return find(this.root, `[data-slot="${name}"]`);
  }
}

const { running, waiting, completed, failed, retrying } = STEP_LOOKS;
const OUTCOME_LOOKS: Readonly<Record<string, Look>> = { running, waiting, completed, failed, retried: retrying };

function row(attempt: Attempt): HTMLElement {
  const { icon: name, tone } = OUTCOME_LOOKS[attempt.outcome] ?? { icon: "idle", tone: "" };
  const took = attempt.endedAt ? ` in ${duration(Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt))}` : "";
  const progress = attempt.progress !== null && !attempt.endedAt ? `, ${Math.round(attempt.progress * 100)} %` : "";
  const text = element("span", "what", element("b", "", labelOf(attempt)), ` ${attempt.outcome}${took}${progress}`);
  if (attempt.error) text.append(element("span", "more", [attempt.error.code, attempt.error.message].filter(Boolean).join(": ")));
  if (attempt.process) text.append(element("span", "more code", attempt.process));
  const time = element("time", "", clock(new Date(attempt.startedAt)));
  time.title = exact(new Date(attempt.startedAt));
  const made = element("li", "", icon(name), text, time);
  Object.assign(made.dataset, { tone, direction: attempt.direction, outcome: attempt.outcome });
  return made;
}

const DIRECTIONS: Readonly<Record<string, string>> = { forward: "Attempt", undo: "Undo", verify: "Question", fallback: "Fallback" };

const labelOf = ({ direction, number }: Attempt): string => `${DIRECTIONS[direction] ?? direction}${number ? ` ${number}` : ""}`;
