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
    const focused = shown.contains(document.activeElement);
    const place = focused ? placeInRows(shown) : null;
    if ((focused && !place) || shown.querySelector("input[type=checkbox]:checked")) return this.onLeft(shown);
    shown.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
    localiseTimes(shown);
    upgradeJson(shown);
    if (place) focusPlace(shown, place);
    this.onFilled(shown);
  }
}

/** Where the focus is among rows that come and go, `[data-rows] > [data-key]`: which row, its number, which control. */
interface Place {
  readonly key: string;
  readonly row: number;
  readonly control: number;
}

const CONTROLS = "a[href], button";

const rowsIn = (part: HTMLElement): HTMLElement[] => [...part.querySelectorAll<HTMLElement>("[data-rows] > [data-key]")];
const controlsIn = (row: HTMLElement): HTMLElement[] => [...row.querySelectorAll<HTMLElement>(CONTROLS)];

function placeInRows(part: HTMLElement): Place | null {
  const rows = rowsIn(part);
  const number = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[number];
  return row ? { key: row.dataset.key ?? "", row: number, control: controlsIn(row).findIndex((control) => control === document.activeElement) } : null;
}

/** The same control of the same row; where the row has gone, the row that has taken its place; else the page. */
function focusPlace(part: HTMLElement, place: Place): void {
  const rows = rowsIn(part);
  const same = rows.find((row) => row.dataset.key === place.key);
  const row = same ?? rows[Math.min(place.row, rows.length - 1)];
  const controls = row ? controlsIn(row) : [];
  (controls[same ? place.control : 0] ?? controls[0] ?? document.getElementById("main"))?.focus();
}
