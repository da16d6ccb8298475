/** Which workers of a draft really do something that stays: what a person must know before trying it. Pure. */
import { slotOf, type Catalog, type Slot } from "../../graph/model/catalog";
import { isObject, stepsOf, textOf, traitsOf, type Document, type Step } from "../../graph/model/document";

export interface Acting {
  /** A worker's name, or `workflow <name>`. */
  readonly worker: string;
  readonly says: string;
}

const SAYS: Readonly<Record<Slot["holds"], string>> = {
  action: "acts, and is undone by", none: "", irreversible: "acts, and cannot be undone", unstated: "may act; nobody has said how it is undone",
};

/** Once a worker, in the document's order; only those of `step` where one is named. */
export function actingIn(document: Document, catalog: Catalog, step: string | null = null): readonly Acting[] {
  const steps = stepsOf(document).filter(({ name }) => step === null || name === step);
  const found = new Map(steps.flatMap((one) => [...acts(one, catalog)]).map((acting) => [acting.worker, acting]));
  return [...found.values()];
}

function* acts(step: Step, catalog: Catalog): Iterable<Acting> {
  const { callsWorker, startsRun } = traitsOf(step);
  const slot = slotOf(step, catalog);
  if (startsRun && textOf(step.workflow)) yield { worker: `workflow ${textOf(step.workflow)}`, says: "runs for real, with all its workers" };
  if (!callsWorker) return;
  const worker = textOf(step.worker);
  if (worker && slot.holds !== "none") yield { worker, says: slot.holds === "action" ? `${SAYS.action} ${slot.text}` : SAYS[slot.holds] };
  const fallback = isObject(step.fallback) ? textOf(step.fallback.worker) : "";
  if (fallback && slot.holds !== "none") yield { worker: fallback, says: `may act in place of ${worker}` };
}

/** Those that this person has not agreed to yet. */
export function unknownOf(acting: readonly Acting[], agreed: ReadonlySet<string>): readonly Acting[] {
  return acting.filter(({ worker }) => !agreed.has(worker));
}
