/** The inspector of the workflow itself. */
import type { ReactElement } from "react";
import { ON_FAILURE } from "./FailureForm";
import { DEFAULTS } from "../../../shared/vocabulary";
import { FlowForm } from "./FlowForm";
import { RetryFields } from "../calls/RetryFields";
import { FieldFocus } from "../fields/FieldFocus";
import { isObject, stated, textOf, type Document, type Json, type JsonObject } from "../../../graph/model/document";
import { ChoiceField, FlagField, JsonField, NumberField, TextField } from "../../controls/fields";

interface Props {
  readonly document: Document;
  readonly put: (fields: JsonObject, topic: string) => void;
}

export function WorkflowForm({ document, put }: Props): ReactElement {
  const set = (fields: JsonObject): void => put(fields, `workflow ${Object.keys(fields)[0]}`);
  const defaults = isObject(document.defaults) ? document.defaults : {};
  const setDefault = (key: string, value: Json): void => put({ defaults: stated({ ...defaults, [key]: value }) }, `default ${key}`);
  return (
    <>
      <TextField label="Title" at="title" value={textOf(document.title)} change={(title) => set({ title })} />
      <TextField label="Description" at="description" value={textOf(document.description)} change={(description) => set({ description })} rows={3} />
      <JsonField label="Sample input (JSON)" at="sample_input" value={document.sample_input} change={(sample_input) => set({ sample_input: sample_input ?? null })} accepts={isObject} wanted="an input is an object" />
      <JsonField label="What the input must look like (JSON Schema)" at="input_schema" value={document.input_schema} change={(input_schema) => set({ input_schema: input_schema ?? null })} accepts={isObject} wanted="a schema is an object" />
      <NumberField label="Timeout of a whole run (seconds)" at="timeout" value={document.timeout} placeholder="none" change={(timeout) => set({ timeout })} hint="After it the run is cancelled, with its undos" />
      <ChoiceField label="Undo" at="compensation_order" value={textOf(document.compensation_order)} change={(compensation_order) => set({ compensation_order })}
        options={[["", "One at a time, last step first"], ["parallel", "What is independent at once"]]} />
      <FlagField label="Go on undoing when one undo fails" at="continue_compensating" value={document.continue_compensating === true} change={(on) => set({ continue_compensating: on || null })} />
      <FlowForm document={document} put={put} />
      <fieldset className="params">
        <legend>Where steps do not say it</legend>
        <NumberField label="Timeout of a step (seconds)" at="defaults.timeout" value={defaults.timeout} placeholder={String(DEFAULTS.timeout_s)} change={(timeout) => setDefault("timeout", timeout)} />
        <RetryFields at="defaults.retry" retry={defaults.retry} change={(retry) => setDefault("retry", retry)} />
        <ChoiceField label="When a step has failed for good" at="defaults.on_failure" value={textOf(defaults.on_failure)} options={[["", "Undo what was done"], ...ON_FAILURE.slice(1)]} change={(on_failure) => setDefault("on_failure", on_failure)} />
      </fieldset>
      <p className="hint"><a href={`/workflows/${encodeURIComponent(textOf(document.name))}/triggers/`}>Triggers</a>: events, webhooks and schedules that start it</p>
      <FieldFocus />
    </>
  );
}
