/** What a forecast says, in words. Pure. */
import { nearest } from "../../shared/json";
import { duration } from "../../shared/time";
import { allIds, graphAt, splitId, wayOf } from "../model/bodies";
import type { Catalog } from "../model/catalog";
import { idsOf, same, stepsOf, textOf, type Document, type Step } from "../model/document";
import type { Basis } from "./basis";
import { Times } from "./chance";
import type { Figures } from "./forecast";
import type { Doubts } from "./parts";
import { defaultsOf, policiesOf, timeoutOf } from "./resolve";

const NAMED_MAX = 5;
/** Less of a difference is not told. */
const SHARE_LEAST = 0.001;
const TIME_LEAST = 0.01;
const MS = 1000;

/** `12 %`, `2.1 %`, `under 0.1 %`. */
export function percent(share: number): string {
  const value = share * 100;
  if (!value) return "0 %";
  return value < 0.1 ? "under 0.1 %" : `${value.toFixed(value < 9.95 ? 1 : 0).replace(/\.0$/, "")} %`;
}

/** Why nothing is forecast; empty if something is. */
export function silenceText({ runs, least }: Basis): string {
  if (runs >= least) return "";
  return `A forecast needs ${least} runs that have ended. There ${runs === 1 ? "is 1" : `are ${runs}`}.`;
}

export function basisText({ runs, versions }: Basis, { samples }: Figures): string {
  const which = versions.length > 1 ? `versions ${[...versions].sort((a, b) => a - b).join(", ")}` : `version ${versions.join()}`;
  return `From ${runs.toLocaleString()} ended runs of ${which}, by ${samples.toLocaleString()} samples.`;
}

/** What these runs came to. */
export function reallyText({ runs, whole }: Basis): string {
  const times = Times.of(whole.ms);
  if (!times) return "";
  return `Those runs: half took at most ${duration(times.at(0.5))}, 95 of 100 at most ${duration(times.at(0.95))}; ${percent((whole.rolled_back ?? 0) / runs)} rolled back, ${percent((whole.asked ?? 0) / runs)} asked a person.`;
}

/** The difference between what is published and the draft, in one sentence; empty where nothing was edited. */
export function differenceText(edit: string, before: Figures, after: Figures): string {
  if (!edit) return "";
  const shares: [string, number, number][] = [["rollbacks", before.rolledBack, after.rolledBack], ["failures", before.failed, after.failed], ["questions to a person", before.asked, after.asked]];
  const times: [string, number, number][] = [["p50", before.p50Ms, after.p50Ms], ["p95", before.p95Ms, after.p95Ms]];
  const told = [
    ...shares.filter(([, was, is]) => Math.abs(is - was) >= SHARE_LEAST).map(([what, was, is]) => `${what} ${percent(was).replace(" %", "")} → ${percent(is)}`),
    ...times.filter(([, was, is]) => Math.abs(is - was) > TIME_LEAST * Math.max(was, 1)).map(([what, was, is]) => `${what} ${is > was ? "+" : "−"}${duration(Math.abs(is - was))}`),
  ];
  return `${edit}: ${told.length ? told.join(", ") : "no difference to speak of"}.`;
}

/** What was edited: the one change, if it is one that can be named in a few words, or how many steps; empty for nothing. */
export function editText(draft: Document, published: Document, catalog: Catalog): string {
  const [now, before] = [stepsByPath(draft), stepsByPath(published)];
  const changed = [...now].filter(([path, step]) => before.has(path) && !same(worked(step), worked(before.get(path))));
  const [added, removed] = [[...now.keys()].filter((path) => !before.has(path)), [...before.keys()].filter((path) => !now.has(path))];
  const count = changed.length + added.length + removed.length;
  const [path, step] = changed[0] ?? [];
  const was = path === undefined ? undefined : before.get(path);
  if (count === 1 && path !== undefined && step && was) return `${path}: ${stepEdit(step, was, draft, published, catalog)}`;
  if (count === 1) return added.length ? `With ${added.join()}` : `Without ${removed.join()}`;
  if (count) return `The draft, with ${count} steps changed`;
  return same({ ...draft, layout: null, title: null, description: null }, { ...published, layout: null, title: null, description: null }) ? "" : "The draft";
}

/** The step without what changes nothing of a run. */
function worked(step: Step | undefined): Step {
  const { body: _body, title: _title, notes: _notes, ...rest } = step ?? {};
  return rest;
}

function stepsByPath(document: Document): ReadonlyMap<string, Step> {
  const ids = allIds(document);
  return new Map(ids.flatMap((id): [string, Step][] => {
    const [path, name] = splitId(id);
    const steps = stepsOf(graphAt(document, wayOf(path)));
    const step = steps[idsOf(steps).indexOf(name)];
    return step ? [[id, step]] : [];
  }));
}

function stepEdit(step: Step, was: Step, draft: Document, published: Document, catalog: Catalog): string {
  const [now, then] = [defaultsOf(draft), defaultsOf(published)];
  const attempts = (of: Step, defaults: typeof now): number => policiesOf(of, catalog, defaults)[0]?.max ?? 1;
  const timeout = (of: Step, defaults: typeof now): number => timeoutOf(of, catalog, defaults);
  const edits: string[] = [];
  if (attempts(step, now) !== attempts(was, then)) edits.push(`${attempts(step, now)} attempts instead of ${attempts(was, then)}`);
  if (timeout(step, now) !== timeout(was, then)) edits.push(`a timeout of ${limitText(timeout(step, now))} instead of ${limitText(timeout(was, then))}`);
  const [seconds, before] = [nearest(step.seconds), nearest(was.seconds)];
  if (seconds !== null && before !== null && seconds !== before) edits.push(`a wait of ${duration(seconds * MS)} instead of ${duration(before * MS)}`);
  if (textOf(step.worker) !== textOf(was.worker)) edits.push(`${textOf(step.worker)} instead of ${textOf(was.worker)}`);
  return edits.length ? edits.join(", ") : "changed";
}

const limitText = (ms: number): string => (Number.isFinite(ms) ? duration(ms) : "any length");

/** Where the forecast does not rest on figures of the steps themselves. */
export function doubtTexts({ unknown, few, elsewhere, branches, guards }: Doubts, { least, steps, whole }: Basis): string[] {
  const hasTimesOfPeople = Object.values(steps).some(({ person }) => person?.ms);
  const asked = (whole.asked ?? 0) > 0 && !hasTimesOfPeople;
  return [
    ...(unknown.length ? [`Left out, as there are no figures: ${listed(unknown)}. They count as if they took no time and never failed.`] : []),
    ...(few.length ? [`From fewer than ${least} attempts: ${listed(few)}.`] : []),
    ...elsewhere.map(({ step, worker, workflows }) => `${step} is assumed to behave as ${worker} does ${workflows.length ? `in ${listed(workflows)}` : "in another step"}.`),
    ...(branches.length ? [`Branches behind ${listed(branches)} are assumed to be equally frequent.`] : []),
    ...(guards.length ? [`Assumed never to be skipped: ${listed(guards)}.`] : []),
    ...(asked ? ["How long people take to answer is not known yet, and left out."] : []),
  ];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_MAX).join(", ");
  return names.length > NAMED_MAX ? `${shown} and ${names.length - NAMED_MAX} more` : shown;
}

