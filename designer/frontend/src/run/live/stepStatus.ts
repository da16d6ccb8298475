/** The status of a step as the canvas paints it. Pure. */
import type { StepStatus } from "../../graph/view/statuses";
import type { StepState } from "../model/state";
import { noteOf } from "../model/words";

/** A step that is still pending when its run has ended was never reached. */
export function statusOf(step: StepState, hasEnded: boolean): StepStatus {
  const status = hasEnded && step.status === "pending" ? "unreached" : step.status;
  const note = noteOf(step);
  return { status, undo: step.undo, ...(note && { note }), ...(step.undoPlace !== null && { place: step.undoPlace }), ...(step.routes && { routes: step.routes }) };
}
