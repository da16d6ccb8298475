/** Parts of a page, `[data-part]`, that are fetched again when they may have changed. */
import { find } from "./dom";
import { isBusy } from "./json";
import { upgradeJson } from "./jsonTree";
import { localiseTimes } from "./time";

const REFRESH_MS_MIN = 300;
const REFRESH_AGAIN_MS = 3_000;

export class Parts {
  /** Called for a part that is out of date, but stays as it is because somebody works in it. */
  onLeft: (part: HTMLElement) => void = () => undefined;
  onFilled: (part: HTMLElement) => void = () => undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isBusy = false;
  private fetchedAt = 0;

  constructor(private readonly root: HTMLElement, private readonly url: string, private readonly everyMs = REFRESH_MS_MIN) {}

  /** Fetches soon; calls in quick succession become one. */
  refreshSoon(delayMs = REFRESH_MS_MIN): void {
    const rest = this.everyMs - (Date.now() - this.fetchedAt);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.isBusy) this.refreshSoon();
      else void this.refresh();
    }, Math.max(delayMs, rest));
  }

  /** Fetches the parts; when the server cannot be reached or is too busy, again later. */
  private async refresh(): Promise<void> {
    this.isBusy = true;
    this.fetchedAt = Date.now();
    const response = await fetch(this.url, { headers: { Accept: "text/html" } }).catch(() => null);
    this.isBusy = false;
    if (!response || isBusy(response.status)) this.refreshSoon(REFRESH_AGAIN_MS);
    if (!response?.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = [...page.querySelectorAll<HTMLElement>("[data-part]")];
    if (fresh.length) for (const part of fresh) this.replace(part);
    else this.fill(find(this.root, "[data-part]"), page.body);
  }

  /** A form for an answer stays as it is while the intervention is open. */
  private replace(fresh: HTMLElement): void {
    const shown = find(this.root, `[data-part=${fresh.dataset.part}]`);
    const isSame = fresh.dataset.open === "yes" && shown?.dataset.open === "yes";
    if (!shown || isSame) return;
    if (fresh.dataset.open) shown.dataset.open = fresh.dataset.open;
    this.fill(shown, fresh);
  }

  private fill(shown: HTMLElement | null, fresh: HTMLElement): void {
    if (!shown) return;
    if (shown.contains(document.activeElement) || shown.querySelector("input[type=checkbox]:checked")) return this.onLeft(shown);
    shown.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
    localiseTimes(shown);
    upgradeJson(shown);
    this.onFilled(shown);
  }
}
