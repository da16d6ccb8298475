/** Lasting effects of a draft's workers, which a person must know before a trial. Pure. */
import { slotOf, type Catalog, type Slot } from "../../graph/model/catalog";
import { callOf, callsWorker, isObject, startsRuns, stepsOf, textOf, type Document, type Step } from "../../graph/model/document";

export interface WorkerEffect {
  /** A worker's name, or `workflow <name>`. */
  readonly worker: string;
  readonly text: string;
}

const TEXTS: Readonly<Record<Slot["holds"], string>> = {
  action: "acts, and is undone by", none: "", irreversible: "acts, and cannot be undone", unstated: "may act; nobody has said how it is undone",
};

/** One effect for each worker, in the document's order; with `only`, those of the step of that name. */
export function effectsOf(document: Document, catalog: Catalog, only: string | null = null): readonly WorkerEffect[] {
  const steps = stepsOf(document).filter(({ name }) => only === null || name === only).flatMap(withInner);
  const byWorker = new Map(steps.flatMap((step) => [...stepEffects(step, catalog)]).map((effect) => [effect.worker, effect]));
  return [...byWorker.values()];
}

/** The step, and those of the bodies in it. */
function withInner(step: Step): readonly Step[] {
  return [step, ...(isObject(step.body) ? stepsOf(step.body).flatMap(withInner) : [])];
}

function* stepEffects(step: Step, catalog: Catalog): Iterable<WorkerEffect> {
  const slot = slotOf(step, catalog);
  if (startsRuns(step) && textOf(step.workflow)) yield { worker: `workflow ${textOf(step.workflow)}`, text: "runs for real, with all its workers" };
  if (!callsWorker(step)) return;
  const worker = textOf(step.worker);
  if (worker && slot.holds !== "none") yield { worker, text: slot.holds === "action" ? `${TEXTS.action} ${slot.text}` : TEXTS[slot.holds] };
  const fallback = textOf(callOf(step.fallback)?.worker);
  if (fallback && slot.holds !== "none") yield { worker: fallback, text: `may act in place of ${worker}` };
}

/** The effects that this person has not consented to yet. */
export function withoutConsent(effects: readonly WorkerEffect[], consented: ReadonlySet<string>): readonly WorkerEffect[] {
  return effects.filter(({ worker }) => !consented.has(worker));
}
