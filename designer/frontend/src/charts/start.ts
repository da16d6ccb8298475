/**
 * Charts of a page: `[data-chart]` names where the data comes from. The drawing is fetched when a chart comes into
 * view; a legend in words and a table are there for all, pointer or not.
 */
import { element, find } from "../shared/dom";
import { bodyOf, withPlainNumbers } from "../shared/json";
import { CHARTS_STALE } from "../shared/events";
import { isEmpty, restingValue, rows, summary, valueText, type Chart } from "./data";
import type { Drawn } from "./draw";

const REFRESH_MS = 60_000;
const STALE_MS_MIN = 10_000;

export function startCharts(root: ParentNode): void {
  const charts = [...root.querySelectorAll<HTMLElement>("[data-chart]")].map((box) => new ChartBox(box));
  if (!charts.length) return;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      charts.find(({ box }) => box === entry.target)?.begin();
    }
  }, { rootMargin: "200px" });
  for (const { box } of charts) seen.observe(box);
}

class ChartBox {
  private chart: Chart | null = null;
  private drawn: Drawn | null = null;
  private fetchedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly box: HTMLElement) {}

  begin(): void {
    void this.refresh();
    setInterval(() => void (document.hidden || this.refresh()), REFRESH_MS);
    document.addEventListener(CHARTS_STALE, () => this.refreshSoon());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void this.show());
  }

  private refreshSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, Math.max(1_000, STALE_MS_MIN - (Date.now() - this.fetchedAt)));
  }

  private async refresh(): Promise<void> {
    this.fetchedAt = Date.now();
    const response = await fetch(this.box.dataset.chart ?? "", { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok) {
      this.say("The figures could not be fetched; they are tried again in a minute.");
      return;
    }
    this.chart = withPlainNumbers(await bodyOf(response)) as Chart;
    await this.show();
  }

  private get plot(): HTMLElement | null {
    return find(this.box, "[data-slot=plot]");
  }

  private say(words: string): void {
    if (!this.drawn) this.plot?.replaceChildren(element("p", "chart-words muted", words));
  }

  private async show(): Promise<void> {
    const { chart, plot } = this;
    if (!chart || !plot) return;
    plot.setAttribute("aria-label", summary(this.box.dataset.name ?? "", chart));
    this.showLegend(chart, null);
    this.showTable(chart);
    const { draw } = await import("./draw");
    this.drawn?.destroy();
    this.drawn = null;
    if (isEmpty(chart)) {
      this.say(this.box.dataset.empty ?? "Nothing yet.");
      return;
    }
    plot.replaceChildren();
    this.drawn = draw(plot, chart, (place) => this.showLegend(chart, place));
  }

  /** Values where the pointer is, else the sums or newest values. */
  private showLegend(chart: Chart, place: number | null): void {
    const items = chart.series.map((series) => {
      const swatch = element("span", "chart-swatch");
      swatch.dataset.tone = series.tone;
      swatch.dataset.kind = chart.kind === "stacked" ? "bar" : series.dashed ? "dashed" : "line";
      const value = place === null ? restingValue(chart, series) : series.values[place];
      return element("li", "", swatch, `${series.label} `, element("strong", "", valueText(value, chart.unit)));
    });
    find(this.box, "[data-slot=legend]")?.replaceChildren(...items);
  }

  private showTable(chart: Chart): void {
    const cell = (tag: string, text: string, scope = ""): HTMLElement => {
      const made = element(tag, "", text);
      if (scope) made.setAttribute("scope", scope);
      return made;
    };
    const head = element("tr", "", cell("th", "Time", "col"), ...chart.series.map(({ label }) => cell("th", label, "col")));
    const body = rows(chart).map(([time = "", ...values]) => element("tr", "", cell("th", time, "row"), ...values.map((value) => cell("td", value))));
    const table = element("table", "chart-values", element("thead", "", head), element("tbody", "", ...body));
    find(this.box, "[data-slot=table]")?.replaceChildren(body.length ? table : element("p", "muted", "Nothing yet."));
  }
}
