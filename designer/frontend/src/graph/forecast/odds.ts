/** How attempts of a step end, from its own figures or from those of its worker in other workflows. Pure. */
import { callsWorker, textOf, type Step } from "../model/document";
import { begun, total, type Facts, type Tries } from "./basis";
import { Shares, Times } from "./chance";
import type { Making } from "./compile";
import type { Odds } from "./parts";
import { whatOf } from "./resolve";

export const NO_ODDS: Odds = { wait: null, good: null, bad: null, asked: null, asks: 0, firstBad: 0, laterBad: 0, codes: null, critical: new Map() };

/** What was seen of fewer attempts after a failure is not told from what is seen of first ones. */
const LATER_LEAST = 20;

export function oddsOf(tries: Tries | undefined): Odds {
  if (!tries || !begun(tries)) return NO_ODDS;
  const { codes = {}, critical = {} } = tries;
  const [first, later, asks] = [begun(tries), (tries.later?.good ?? 0) + (tries.later?.bad ?? 0), total(tries.asked)];
  const firstBad = (tries.first?.bad ?? 0) / first;
  return {
    wait: Times.of(tries.wait), good: Times.of(tries.good), bad: Times.of(tries.bad), asked: Times.of(tries.asked),
    asks: asks / (first + later + asks), firstBad, laterBad: later >= LATER_LEAST ? (tries.later?.bad ?? 0) / later : firstBad,
    codes: Shares.of(codes), critical: new Map(Object.entries(critical).map(([code, count]) => [code, count / Math.max(1, codes[code] ?? count)])),
  };
}

/** The figures of a step; what is wanting of them is noted among the doubts. */
export function factsOf(step: Step, id: string, part: "own" | "item", { basis: { steps, workers, least }, doubts }: Making): { readonly facts: Facts; readonly odds: Odds } {
  const own = steps[id];
  const facts = own?.what === whatOf(step) ? own : {};
  const count = begun(facts[part]);
  if (count >= least) return { facts, odds: oddsOf(facts[part]) };
  const worker = callsWorker(step) ? textOf(step.worker) : "";
  const elsewhere = Object.hasOwn(workers, worker) ? workers[worker] : undefined;
  const sibling = elsewhere ? null : Object.entries(steps).find(([, { what, own: tries }]) => worker && what === `task:${worker}` && begun(tries) >= least);
  if (elsewhere) doubts.elsewhere.push({ step: id, worker, workflows: elsewhere.workflows });
  else if (sibling) doubts.elsewhere.push({ step: id, worker, workflows: [] });
  const borrowed = elsewhere?.facts ?? sibling?.[1];
  if (borrowed) return { facts: borrowed, odds: oddsOf(borrowed.own) };
  (count ? doubts.few : doubts.unknown).push(id);
  return { facts, odds: oddsOf(facts[part]) };
}
