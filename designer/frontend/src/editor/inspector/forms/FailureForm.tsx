/** What happens when a step fails: attempts, fallback, and what follows. */
import type { ReactElement } from "react";
import type { Catalog } from "../../../graph/model/catalog";
import { callOf, callsWorker, textOf, traitsOf, type Json, type JsonObject, type Step } from "../../../graph/model/document";
import { ChoiceField, FlagField, NumberField, TextField } from "../../controls/fields";
import { CallForm } from "../calls/CallForm";
import { RetryFields } from "../calls/RetryFields";
import type { SetFields } from "../calls/setFields";

interface Props {
  readonly step: Step;
  readonly catalog: Catalog;
  readonly set: SetFields;
}

export const ON_FAILURE: readonly (readonly [value: string, text: string])[] = [
  ["compensate", "Undo what was done"], ["continue", "Go on without it"], ["pause", "Ask a person"],
];

export function FailureForm({ step, catalog, set }: Props): ReactElement {
  const { fields } = traitsOf(step);
  const isCall = callsWorker(step);
  const call = (value: Json | undefined): JsonObject => callOf(value) ?? {};
  const put = (key: "fallback" | "verify") => (next: JsonObject, topic: string): void => set({ [key]: textOf(next.worker) ? next : null }, topic);
  return <>
    {fields.includes("timeout") && <NumberField label="Timeout (seconds)" at="timeout" value={step.timeout} placeholder={isCall ? "as the worker says" : "none"} change={(timeout) => set({ timeout })} />}
    {fields.includes("retry") && <RetryFields at="retry" retry={step.retry} standard={isCall ? "as the worker says" : "1"} change={(retry) => set({ retry })} />}
    <ChoiceField label="When it has failed for good" at="on_failure" value={textOf(step.on_failure)} options={[["", "As the workflow says"], ...ON_FAILURE]} change={(on_failure) => set({ on_failure })} />
    {isCall && <>
      <CallForm label="Fallback worker" what="fallback" at="fallback" call={call(step.fallback)} catalog={catalog} hint="Tried once when all attempts have failed" put={put("fallback")} />
      <CallForm label="Worker that verifies" what="verification" at="verify" call={call(step.verify)} catalog={catalog} hint="Asked whether the step was done, when nobody knows" put={put("verify")} />
      <TextField label="Queue" at="queue" value={textOf(step.queue)} change={(queue) => set({ queue })} code hint="Worker processes that listen to this queue take it; left empty: as the worker says" />
      <TextField label="Limit" at="limit" value={textOf(step.limit)} change={(limit) => set({ limit })} code hint="Each call takes a slot of this named limit, its undo first of all; left empty: as the worker says" />
    </>}
    {fields.includes("dynamic") && <FlagField label="It may add steps to the run" at="dynamic" value={step.dynamic === true} change={(dynamic) => set({ dynamic: dynamic || null })} />}
    <FlagField label="Point of no return" at="pivot" value={step.pivot === true} change={(pivot) => set({ pivot: pivot || null })} hint="After it, nothing is undone unless a person says so" />
  </>;
}
