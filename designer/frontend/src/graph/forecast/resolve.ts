/** What a step of a draft means, with the defaults of its worker, its workflow and the product: as `designer/document/resolve.py`. Pure. */
import { isObject, nearest } from "../../shared/json";
import { DEFAULTS } from "../../shared/vocabulary";
import { slotOf, type Catalog } from "../model/catalog";
import { callOf, callsWorker, kindOf, startsRuns, textOf, type Document, type Json, type JsonObject, type Step } from "../model/document";
import type { OnFailure, Policy } from "./parts";

const MS = 1000;
const SECOND_UNITS_MAX = 64;

export interface Defaults {
  readonly timeout: Json | undefined;
  readonly retry: Json | undefined;
  readonly onFailure: string;
}

export function defaultsOf({ defaults }: Document): Defaults {
  const stated = isObject(defaults) ? defaults : {};
  return { timeout: stated.timeout, retry: stated.retry, onFailure: textOf(stated.on_failure) };
}

export const numberOf = (value: Json | undefined, otherwise: number): number => nearest(value) ?? otherwise;

/** As `_what` in `runs/statistics/policies.py`. */
export function whatOf(step: Step): string {
  return `${kindOf(step)}:${textOf(step.workflow) || (callsWorker(step) ? textOf(step.worker) : "")}`;
}

/** Milliseconds that an attempt, or a wait, may take. */
export function timeoutOf(step: Step, catalog: Catalog, defaults: Defaults): number {
  const own = nearest(step.timeout);
  if (own !== null) return own * MS;
  if (!callsWorker(step)) return Infinity;
  const worker = catalog.get(textOf(step.worker));
  return (nearest(worker?.timeout) ?? nearest(defaults.timeout) ?? DEFAULTS.timeout_s) * MS;
}

/** The retry policies in their order; none where a step that starts runs states none. */
export function policiesOf(step: Step, catalog: Catalog, defaults: Defaults): readonly Policy[] {
  const own = step.retry ?? null;
  if (startsRuns(step)) return own === null ? [] : listOf(own).map(policyOf);
  if (!callsWorker(step)) return [];
  return listOf(own ?? catalog.get(textOf(step.worker))?.retry ?? defaults.retry ?? {}).map(policyOf);
}

function listOf(value: Json): readonly JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter((policy) => isObject(policy));
}

function policyOf(stated: JsonObject): Policy {
  const standard = DEFAULTS.retry;
  const max = numberOf(stated.max_attempts, standard.max_attempts);
  const [only, never] = [patternsOf(stated.only), patternsOf(stated.never)];
  return {
    max, asksMax: numberOf(stated.asks_max, Object.keys(stated).length ? max - 1 : standard.asks_max),
    initialMs: numberOf(stated.initial, standard.initial) * MS, factor: numberOf(stated.factor, standard.factor),
    maxMs: numberOf(stated.max, standard.max) * MS, jitter: numberOf(stated.jitter, standard.jitter),
    fits: (code) => (!only.length || only.some((pattern) => pattern.test(code))) && !never.some((pattern) => pattern.test(code)),
  };
}

/** Milliseconds before the attempt that follows failure number `failures`; `luck` in [-1, 1]. */
export function delayOf(policy: Policy, failures: number, luck: number): number {
  const plain = Math.min(policy.maxMs, policy.initialMs * policy.factor ** Math.min(failures - 1, SECOND_UNITS_MAX));
  return Math.max(0, plain * (1 + policy.jitter * luck));
}

/** Patterns of error codes, in which `*` stands for any characters. */
export function patternsOf(value: Json | undefined): readonly RegExp[] {
  const texts = Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
  return texts.map((text) => new RegExp(`^${text.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join("[^]*")}$`));
}

export function onFailureOf(step: Step, defaults: Defaults): OnFailure {
  const stated = textOf(step.on_failure) || defaults.onFailure;
  return stated === "continue" || stated === "pause" ? stated : "compensate";
}

/** What undoes the step: a worker, the undos of its run, or nothing. */
export function undoOf(step: Step, catalog: Catalog): "worker" | "body" | null {
  if (slotOf(step, catalog).holds !== "action") return null;
  const stated = step.compensation ?? null;
  return startsRuns(step) && !callOf(stated ?? undefined) ? "body" : "worker";
}

/** How many items may fail: a number, or a share of the items. */
export function toleratedOf({ tolerate }: Step): (items: number) => number {
  const share = /^(\d+(?:\.\d+)?)\s*%$/.exec(textOf(tolerate))?.[1];
  if (share !== undefined) return (items) => Math.floor((items * Number(share)) / 100);
  const count = numberOf(tolerate, 0);
  return () => count;
}
