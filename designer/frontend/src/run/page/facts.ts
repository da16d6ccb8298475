/** Facts about a step from the workflow, in the words of the server's rows (`runs/_step.html`). Pure. */
import { wordsOf } from "../../shared/kinds";
import type { SlotHolds } from "../../shared/vocabulary";
import { callOf, callsWorker, isObject, stepsOf, edgesOf, textOf, traitsOf, type Document, type Step } from "../../graph/model/document";

export interface Facts {
  readonly does: string;
  readonly after: string;
  readonly undo: string;
  readonly slotKind: string;
}

const UNDO_WORDS: Readonly<Record<SlotHolds, string>> = {
  none: "nothing to undo", irreversible: "irreversible", action: "undone with its run", unstated: "no undo stated",
};

export function factsOf(document: Document, name: string): Facts {
  const step = stepsOf(document).find((candidate) => textOf(candidate.name) === name) ?? {};
  const before = edgesOf(document).filter(({ to }) => textOf(to) === name).map(({ from }) => textOf(from));
  const slotKind = slotOf(step);
  const worker = isObject(step.compensation) ? textOf(step.compensation.worker) : "";
  return {
    does: doesOf(step), after: before.length ? `after ${before.join(", ")}` : "",
    undo: worker ? `undo: ${worker}` : UNDO_WORDS[slotKind], slotKind,
  };
}

/** The worker that undoes a step; "" where its child run is rolled back, or nothing undoes it. */
export function undoWorkerOf(document: Document, name: string): string {
  const step = stepsOf(document).find((candidate) => textOf(candidate.name) === name);
  return isObject(step?.compensation) ? textOf(step.compensation.worker) : "";
}

/** The workers that a step calls, each with what it is called for; those of an item are its map's. */
export function workersOf(document: Document, name: string): readonly (readonly [string, string])[] {
  const own = name.split("[")[0];
  const step = stepsOf(document).find((candidate) => textOf(candidate.name) === own) ?? {};
  const named = [
    ["work", callsWorker(step) ? textOf(step.worker) : ""],
    ...([["undo", step.compensation], ["question", step.verify], ["fallback", step.fallback]] as const)
      .map(([use, call]) => [use, textOf(callOf(call)?.worker)] as const),
  ] as const;
  return named.filter(([, worker]) => worker !== "");
}

/** Whether a step, or the map of an item, takes slots of a named limit. */
export function keepsToLimit(document: Document, name: string): boolean {
  const own = name.split("[")[0];
  return stepsOf(document).some((step) => textOf(step.name) === own && textOf(step.limit) !== "");
}

function doesOf(step: Step): string {
  const { inRun, callsWorker } = traitsOf(step);
  const words = wordsOf(inRun, step);
  return callsWorker && words === textOf(step.name) ? "" : words;
}

function slotOf(step: Step): SlotHolds {
  const { compensation } = step;
  if (compensation === "none" || compensation === "irreversible") return compensation;
  return isObject(compensation) ? "action" : traitsOf(step).undo;
}
