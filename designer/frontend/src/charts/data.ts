/** A chart as data: stacked series, a summary in words and a table. Pure. */
import { duration, short } from "../shared/time";

export interface Series {
  readonly label: string;
  readonly tone: string;
  readonly dashed: boolean;
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly kind: "stacked" | "lines";
  /** `runs`, `ms`, or empty for plain numbers. */
  readonly unit: string;
  /** Seconds from one place to the next, where they are even. */
  readonly step_s: number | null;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

export const ROWS_SHOWN_MAX = 200;

/** Whether the chart has no value to draw. */
export function isEmpty(chart: Chart): boolean {
  const hasValue = (value: number | null): boolean => (chart.kind === "stacked" ? Boolean(value) : value !== null);
  return !chart.series.some((series) => series.values.some(hasValue));
}

/** Each series on top of those before it: from zero up to here. */
export function stacked(chart: Chart): number[][] {
  const sums = chart.times.map(() => 0);
  return chart.series.map((series) => {
    series.values.forEach((value, place) => { sums[place] = (sums[place] ?? 0) + (value ?? 0); });
    return [...sums];
  });
}

export function valueText(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "–";
  return unit === "ms" ? duration(value) : value.toLocaleString();
}

/** The value in the legend while the pointer is elsewhere: the sum of stacked series, else the newest value. */
export function restingValue(chart: Chart, series: Series): number | null {
  if (chart.kind === "stacked") return series.values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  return series.values.findLast((value) => value !== null) ?? null;
}

/** The whole chart in a sentence, for screen readers. */
export function summary(name: string, chart: Chart): string {
  if (isEmpty(chart)) return `${name}: nothing yet`;
  const what = chart.kind === "stacked" ? "in all" : "lately";
  const parts = chart.series.map((series) => `${series.label}: ${valueText(restingValue(chart, series), chart.unit)}`);
  return `${name}, ${what}: ${parts.join(", ")}`;
}

/** Rows of the table, the newest first: a time, then a value of each series. Times without any are left out. */
export function rows(chart: Chart, now: Date = new Date()): string[][] {
  const places = chart.times.map((_, place) => place).filter((place) => chart.series.some(({ values }) => values[place]));
  return places.reverse().slice(0, ROWS_SHOWN_MAX).map((place) => [
    short(new Date((chart.times[place] ?? 0) * 1_000), now),
    ...chart.series.map((series) => valueText(series.values[place], chart.unit)),
  ]);
}

/** Days where a chart is long, times of day where it is short; the day too at its beginning. */
export function tickText(seconds: number, stepS: number): string {
  const at = new Date(seconds * 1_000);
  const isDay = at.getHours() === 0 && at.getMinutes() === 0;
  if (isDay || stepS >= 86_400) return at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  return at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}
