/** Draws a chart on a canvas with uPlot; loaded when a chart is first seen. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { stacked, tickText, valueText, type Chart } from "./data";

const HEIGHT = 190;
const SPANS = [60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];
const BAR_WIDTH_MAX = 30;
const POINTS_MAX = 10; // of samples: so few are seen as points, too
const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8];
const DURATIONS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5,
];

export interface Drawn {
  destroy(): void;
}

/** `pointed` is called with the place under the pointer, or null when there is none. */
export function draw(box: HTMLElement, chart: Chart, pointed: (place: number | null) => void): Drawn {
  const plot = new uPlot(options(box, chart, pointed), dataOf(chart), box);
  const watcher = new ResizeObserver(() => {
    if (box.clientWidth && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: HEIGHT });
  });
  watcher.observe(box);
  return {
    destroy() {
      watcher.disconnect();
      plot.destroy();
    },
  };
}

/** Stacked series are drawn from the back: the sum first, and each part over it. */
function dataOf(chart: Chart): uPlot.AlignedData {
  const times = [...chart.times];
  if (chart.kind === "stacked") return [times, ...stacked(chart).reverse()];
  return [times, ...chart.series.map((series) => [...series.values])];
}

function options(box: HTMLElement, chart: Chart, pointed: (place: number | null) => void): uPlot.Options {
  const style = getComputedStyle(box);
  const grid = { stroke: colour(box, "grid"), width: 1 };
  const text = { stroke: style.color, font: `12px ${style.fontFamily}`, ticks: { show: false } };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [10, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: chart.kind === "lines", size: 7 } },
    scales: { x: { range: (_plot, least, most) => xRange(chart, least, most) }, y: { range: (_plot, _least, most) => [0, (most || 1) * 1.08] } },
    axes: [
      { ...text, grid: { show: false }, gap: 6, size: 26, incrs: SPANS, values: (_plot, splits, _axis, _space, step) => splits.map((at) => tickText(at, step)) },
      { ...text, grid, size: chart.unit === "ms" ? 62 : 44, incrs: chart.unit === "ms" ? DURATIONS : COUNTS, values: (_plot, splits) => splits.map((value) => valueText(value, chart.unit)) },
    ],
    series: [{}, ...seriesOf(chart, (tone) => colour(box, tone))],
    hooks: { setCursor: [(plot) => pointed(plot.cursor.idx ?? null)] },
  };
}

/** Bars stand over the hour that they count, so the last one needs its hour. */
function xRange(chart: Chart, least: number, most: number): [number, number] {
  return chart.kind === "stacked" && chart.step_s ? [least, most + chart.step_s] : [least, Math.max(most, least + 60)];
}

function seriesOf(chart: Chart, colourOf: (tone: string) => string): uPlot.Series[] {
  if (chart.kind === "lines") {
    return chart.series.map(({ label, tone, dashed }) => ({
      label, stroke: colourOf(tone), width: 2, spanGaps: false, points: { show: chart.step_s !== null || chart.times.length < POINTS_MAX, size: 5, fill: colourOf(tone) },
      ...(dashed && { dash: [7, 5] }),
    }));
  }
  const bars = uPlot.paths.bars?.({ size: [0.72, BAR_WIDTH_MAX], align: 1, radius: 0 });
  return chart.series.toReversed().map(({ label, tone }) => ({
    label, fill: colourOf(tone), width: 0, points: { show: false }, ...(bars && { paths: bars }),
  }));
}

/** The colour of a tone as the page has it now, light or dark. */
function colour(box: HTMLElement, tone: string): string {
  const probe = document.createElement("span");
  probe.dataset.tone = tone;
  probe.className = "chart-probe";
  box.append(probe);
  const current = getComputedStyle(probe).color;
  probe.remove();
  return current;
}
