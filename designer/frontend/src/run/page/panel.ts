/**
 * Forms for what may be done with the run now. The server draws them; they are fetched again when the run's
 * state changes. A form that somebody is filling in stays as it is.
 */
import { element, find } from "../../shared/dom";
import { localiseTimes } from "../../shared/time";
import { asNames, asText, isRecord } from "../model/frame";
import { isBusy } from "../../shared/json";
import { fetchJson } from "../live/api";

const REFRESH_MS_MIN = 400;
const REFRESH_AGAIN_MS = 2_000;
/** Places in a line change without an entry of this run. */
const LOOKS_MS = 3_000;
const STEPS_SHOWN_MAX = 50;

export class PanelView {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly url: string,
    private readonly api: string,
    private readonly learn: (lastSeq: number) => void,
  ) {
    root.addEventListener("toggle", ({ target }) => {
      const box = target instanceof HTMLDetailsElement && target.open ? find(target, "[data-slot=plan]") : null;
      if (box) void this.showPlan(box);
    }, { capture: true });
    if (find(root, "[data-changes-by-itself]")) this.refreshSoon(LOOKS_MS);
    const open = find(root, "details[open] [data-slot=plan]"); // opened before this script was loaded
    if (open) void this.showPlan(open);
  }

  /** What would be undone now, first to last, before anybody decides. */
  private async showPlan(box: HTMLElement): Promise<void> {
    box.textContent = "Looking at what would be undone…";
    try {
      const { undo, remains, past_pivot: passed } = await fetchJson(`${this.api}/rollback-plan`);
      box.replaceChildren(...planned(stepsIn(undo), effectsIn(remains)), ...passing(asNames(passed)));
    } catch {
      box.textContent = "What would be undone could not be fetched. Close this and open it again to retry.";
    }
  }

  /** Fetches soon; calls in quick succession become one. */
  refreshSoon(delayMs = REFRESH_MS_MIN): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, delayMs);
  }

  /** False when the server could not be reached; then, and when it is too busy, it is asked again later. */
  async refresh(): Promise<boolean> {
    const turn = ++this.turn;
    const response = await fetch(this.url, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response || isBusy(response.status)) this.refreshSoon(REFRESH_AGAIN_MS);
    if (!response?.ok || response.redirected) return response !== null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (turn !== this.turn) return true;
    if (page.querySelector("[data-changes-by-itself]")) this.refreshSoon(LOOKS_MS);
    this.replace([...page.body.children]);
    this.learn(Number(response.headers.get("X-Last-Seq") ?? 0));
    return true;
  }

  private replace(fresh: Element[]): void {
    const kept = new Map(
      [...this.root.children].filter(isInUse).map((child) => [child.getAttribute("data-key"), child]),
    );
    const next = fresh.map((child) => kept.get(child.getAttribute("data-key")) ?? document.adoptNode(child));
    const isSame = next.length === this.root.children.length && next.every((child, place) => child === this.root.children[place]);
    if (isSame) return;
    for (const child of [...this.root.children]) if (!next.includes(child)) child.remove();
    next.forEach((child, place) => {
      if (this.root.children[place] !== child) this.root.insertBefore(child, this.root.children[place] ?? null);
    });
    localiseTimes(this.root);
  }
}

function isInUse(form: Element): boolean {
  if (form.contains(document.activeElement)) return true;
  const isChosen = [...form.querySelectorAll("option")].some((option) => option.selected !== option.defaultSelected && option.index > 0);
  return isChosen || [...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")].some((field) =>
    field instanceof HTMLInputElement && ["radio", "checkbox"].includes(field.type)
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue,
  ) || form.querySelector("details[open]") !== null;
}

const stepsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isRecord).map(({ step }) => asText(step) ?? "") : []);

const passing = (pivots: string[]): HTMLElement[] =>
  pivots.length ? [element("p", "caution", `This goes back past the point of no return: ${pivots.join(", ")}`)] : [];

/** Steps with, where a child run leaves something, the names of its effects. */
const effectsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isRecord) : []).map(({ step, effects }) => {
  const names = asNames(effects);
  return `${asText(step) ?? ""}${names.length ? ` (${names.join(", ")})` : ""}`;
});

function planned(undo: string[], remains: string[]): HTMLElement[] {
  const kept = remains.length ? [element("p", "caution", `These effects remain: ${remains.join(", ")}`)] : [];
  if (!undo.length) return [element("p", "muted", "So far there is nothing to undo."), ...kept];
  const list = element("ol", "plan", ...undo.slice(0, STEPS_SHOWN_MAX).map((step) => element("li", "", step)));
  const rest = undo.length - STEPS_SHOWN_MAX;
  const more = rest > 0 ? [element("p", "muted", `and ${rest} more`)] : [];
  return [element("p", "muted", "As of now, these steps would be undone, in this order:"), list, ...more, ...kept];
}
