/** What the workflow says of a step, in the words of the server's own rows (`runs/_step.html`). Pure. */
import { isObject, kindOf, stepsOf, edgesOf, textOf, type Document, type Step } from "../../graph/model/document";

export interface Facts {
  readonly does: string;
  readonly after: string;
  readonly undo: string;
  readonly slotKind: string;
}

const UNDO_WORDS: Readonly<Record<string, string>> = {
  none: "nothing to undo", irreversible: "irreversible", action: "undone with its run", unstated: "no undo stated",
};

export function factsOf(document: Document, name: string): Facts {
  const step = stepsOf(document).find((found) => textOf(found.name) === name) ?? {};
  const before = edgesOf(document).filter(({ to }) => textOf(to) === name).map(({ from }) => textOf(from));
  const slotKind = slotOf(step);
  const worker = isObject(step.compensation) ? textOf(step.compensation.worker) : "";
  return {
    does: doesOf(step), after: before.length ? `after ${before.join(", ")}` : "",
    undo: worker ? `undo: ${worker}` : (UNDO_WORDS[slotKind] ?? ""), slotKind,
  };
}

function doesOf(step: Step): string {
  const [kind, worker] = [kindOf(step), textOf(step.worker) || textOf(step.workflow)];
  if (kind === "task") return worker === textOf(step.name) ? "" : worker;
  if (kind === "workflow") return `runs ${worker}`;
  return worker ? `${kind} of ${worker}` : kind;
}

function slotOf(step: Step): string {
  const { compensation } = step;
  if (compensation === "none" || compensation === "irreversible") return compensation;
  const kind = kindOf(step);
  if (isObject(compensation) || kind === "workflow") return "action";
  return kind === "wait" || kind === "approval" ? "none" : "unstated";
}
