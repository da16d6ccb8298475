/** Times in the reader's zone, with 24 hours everywhere, durations in words. The server writes UTC; `<time>` elements are rewritten here. */

const DAY_MS = 86_400_000;
export type TimeStyle = "short" | "clock" | "exact" | "ago";

/** Making a formatter takes longer than hundreds of uses of it, and a journal has hundreds of times. */
const FORMATS = {
  exact: lazily({ dateStyle: "full", timeStyle: "long", hourCycle: "h23" }),
  time: lazily({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  clock: lazily({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" }),
};

function lazily(options: Intl.DateTimeFormatOptions): (date: Date) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (date) => (Number.isNaN(date.getTime()) ? String(date) : (format ??= new Intl.DateTimeFormat(undefined, options)).format(date));
}

export const exact = (date: Date): string => FORMATS.exact(date);
export const clock = (date: Date): string => FORMATS.clock(date);

/** Today: the time of day; otherwise the day too. */
export function short(date: Date, now: Date = new Date()): string {
  const time = FORMATS.time(date);
  if (date.toDateString() === now.toDateString()) return time;
  const isThisYear = date.getFullYear() === now.getFullYear();
  const day = date.toLocaleDateString(undefined, {
    day: "numeric", month: "short", ...(!isThisYear && { year: "numeric" }),
  });
  return `${day}, ${time}`;
}

/** Milliseconds as `41 ms`, `1.2 s`, `2 min 5 s`, `1 h 3 min`, `2 d 4 h`: as `designer.templatetags.page`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, "")} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(seconds, 60, "min", "s");
  const minutes = Math.floor(seconds / 60);
  return ms < DAY_MS ? pair(minutes, 60, "h", "min") : pair(Math.floor(minutes / 60), 24, "d", "h");
}

function pair(value: number, base: number, large: string, small: string): string {
  const rest = value % base;
  return `${Math.floor(value / base)} ${large}${rest ? ` ${rest} ${small}` : ""}`;
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `3 d ago`; then the day. */
export function ago(date: Date, now: Date = new Date()): string {
  const seconds = Math.max(0, (now.getTime() - date.getTime()) / 1_000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return seconds < 7 * 86_400 ? `${Math.floor(seconds / 86_400)} d ago` : short(date, now);
}

const STYLES: Record<TimeStyle, (date: Date) => string> = {
  short: (date) => short(date), clock, exact, ago: (date) => ago(date),
};
const AGES_EVERY_MS = 5_000;

/** Shows `iso` in a `<time>`, with the exact value on hover. */
export function fillTime(target: HTMLTimeElement, iso: string, style: TimeStyle = "short"): void {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return;
  target.dateTime = iso;
  target.textContent = STYLES[style](date);
  target.title = exact(date);
}

export function localiseTimes(root: ParentNode): void {
  for (const target of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    fillTime(target, target.dateTime, (target.dataset.style as TimeStyle | undefined) ?? "short");
  }
}

/** Ages grow while a page is open. */
export function keepAges(root: ParentNode): void {
  setInterval(() => {
    for (const target of root.querySelectorAll<HTMLTimeElement>('time[data-style="ago"]')) fillTime(target, target.dateTime, "ago");
  }, AGES_EVERY_MS);
}

/** `2026-11-24T10:30:00Z` as the reader's clock shows it in a field, to the minute or the second; "" where it is no time. */
export function localText(iso: string, withSeconds = false): string {
  const at = new Date(iso);
  if (!iso || Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, withSeconds ? 19 : 16);
}

/** The time of such a field in UTC. */
export function zonedText(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
