/**
 * What may be done with the run now: forms that the server draws, fetched again when the run's
 * state changes. A form that somebody is filling in stays as it is.
 */
import { localiseTimes } from "../../ui/time";

const REFRESH_MS_MIN = 400;

export class PanelView {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly url: string,
    private readonly learn: (lastSeq: number) => void,
  ) {}

  /** Fetches soon; calls in quick succession become one. */
  refreshSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, REFRESH_MS_MIN);
  }

  /** False when the server could not be reached. */
  async refresh(): Promise<boolean> {
    const response = await fetch(this.url, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response?.ok || response.redirected) return response !== null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
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
  return [...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")].some((field) =>
    field instanceof HTMLInputElement && field.type === "radio"
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue,
  ) || form.querySelector("details[open]") !== null;
}
