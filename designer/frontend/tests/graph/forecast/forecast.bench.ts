// @vitest-environment node
/** What a forecast costs; `npm run bench` prints it. Its goal is 200 ms. */
import { bench } from "vitest";
import type { Facts } from "../../../src/graph/forecast/basis";
import { forecast, SAMPLES } from "../../../src/graph/forecast/forecast";
import { catalogOf } from "../../../src/graph/model/catalog";
import type { Step } from "../../../src/graph/model/document";

const SECOND = String(Math.floor(16 * Math.log2(1000)));
const MINUTES = { 60: 10, 90: 5 };
/** Of a thousand attempts of a second fifty fail. */
const FACTS: Facts = { what: "task:act", reached: 1000, ended: 1000, own: { good: { [SECOND]: 950 }, bad: { [SECOND]: 50 }, codes: { down: 50 }, wait: MINUTES, first: { good: 950, bad: 50 } } };

const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
const steps = names.map((name): Step => ({ name, worker: "act", compensation: { worker: "undo" }, retry: { max_attempts: 3, initial: 1 } }));
const edges = names.slice(1).map((to, index) => ({ from: `s${index - (index % 3 === 2 ? 1 : 0)}`, to }));
const basis = { least: 20, runs: 1000, versions: [1], whole: {}, workers: {}, steps: Object.fromEntries(names.map((name) => [name, FACTS])) };

bench(`${SAMPLES} samples of 30 steps`, () => {
  if (forecast({ steps, edges }, catalogOf([]), basis, null)?.figures.samples !== SAMPLES) throw new Error("no forecast");
});
