/** The inspector of the workflow itself. */
import type { ReactElement } from "react";
import { isObject, stated, textOf, type Document, type Json, type JsonObject } from "../model/document";
import { ChoiceField, FlagField, JsonField, NumberField, TextField } from "./fields";

interface Props {
  readonly document: Document;
  readonly put: (fields: JsonObject, topic: string) => void;
}

export function WorkflowForm({ document, put }: Props): ReactElement {
  const set = (fields: JsonObject): void => put(fields, `workflow ${Object.keys(fields)[0]}`);
  const defaults = isObject(document.defaults) ? document.defaults : {};
  const retry = isObject(defaults.retry) ? defaults.retry : {};
  const setDefault = (key: string, value: Json): void => put({ defaults: stated({ ...defaults, [key]: value }) }, `default ${key}`);
  const attempts = (value: number | null): void => {
    const next = stated({ ...retry, max_attempts: value });
    setDefault("retry", Object.keys(next).length ? next : null);
  };
  return (
    <>
      <TextField label="Title" value={textOf(document.title)} change={(title) => set({ title })} />
      <TextField label="Description" value={textOf(document.description)} change={(description) => set({ description })} rows={3} />
      <JsonField label="Sample input (JSON)" value={document.sample_input} change={(sample_input) => set({ sample_input: sample_input ?? null })} accepts={isObject} wanted="an input is an object" />
      <JsonField label="What the input must look like (JSON Schema)" value={document.input_schema} change={(input_schema) => set({ input_schema: input_schema ?? null })} accepts={isObject} wanted="a schema is an object" />
      <ChoiceField label="Undo" value={textOf(document.compensation_order)} change={(compensation_order) => set({ compensation_order })}
        options={[["", "One at a time, last step first"], ["parallel", "What is independent at once"]]} />
      <FlagField label="Go on undoing when one undo fails" value={document.continue_compensating === true} change={(on) => set({ continue_compensating: on || null })} />
      <fieldset className="params">
        <legend>Where steps do not say it</legend>
        <NumberField label="Timeout of a step (seconds)" value={defaults.timeout} placeholder="300" change={(timeout) => setDefault("timeout", timeout)} />
        <NumberField label="Attempts" value={retry.max_attempts} placeholder="3" change={attempts} />
        <ChoiceField label="When a step has failed for good" value={textOf(defaults.on_failure)} change={(on_failure) => setDefault("on_failure", on_failure)}
          options={[["", "Undo what was done"], ["continue", "Go on without it"], ["pause", "Ask a person"]]} />
      </fieldset>
    </>
  );
}
