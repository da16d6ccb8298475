/** What does the work of an item or a turn: a worker, another workflow, or steps of its own. */
import { useState, type ReactElement } from "react";
import type { Catalog } from "../../../graph/model/catalog";
import { isObject, stepsOf, textOf, type JsonObject, type Step } from "../../../graph/model/document";
import { ChoiceField, NumberField, TextField } from "../../controls/fields";
import { CallParams } from "../calls/CallParams";
import { Dependents } from "../calls/Dependents";
import { ParamsForm } from "../calls/ParamsForm";
import { WORKERS_LIST, WORKFLOWS_LIST, type SetFields } from "../calls/setFields";

export interface FormProps {
  readonly step: Step;
  readonly catalog: Catalog;
  readonly set: SetFields;
}

type Way = "worker" | "workflow" | "body";
const EMPTY_BODY: JsonObject = { steps: [], edges: [] };
/** What each way leaves behind when another one is chosen. */
const OF_WAY: Readonly<Record<Way, JsonObject>> = {
  worker: { worker: null, fallback: null, verify: null, queue: null }, workflow: { workflow: null, version: null, input: null }, body: { body: null },
};

export function WorkForm(props: FormProps & { readonly each: string }): ReactElement {
  const { step, set, each } = props;
  const [wish, wishFor] = useState<Way>("worker");
  const way: Way = isObject(step.body) ? "body" : textOf(step.workflow) ? "workflow" : textOf(step.worker) ? "worker" : wish;
  const choose = (next: Way): void => {
    wishFor(next);
    const others = Object.entries(OF_WAY).flatMap(([other, fields]) => (other === next ? [] : Object.entries(fields)));
    set({ ...Object.fromEntries(others), ...(next === "body" && { body: EMPTY_BODY }) }, "work");
  };
  return <>
    <ChoiceField label={`${each} is the work of`} value={way} options={[["worker", "a worker"], ["workflow", "another workflow"], ["body", "steps of its own"]]} change={(next) => choose(next as Way)} />
    {way === "worker" && <WorkerForm {...props} />}
    {way === "workflow" && <ChildForm {...props} />}
    {way === "body" && <BodyForm {...props} />}
  </>;
}

export function WorkerForm({ step, catalog, set }: FormProps): ReactElement {
  const spec = catalog.get(textOf(step.worker));
  return <>
    <TextField label="Worker" at="worker" value={textOf(step.worker)} list={WORKERS_LIST} code hint={spec?.doc.split("\n")[0]} change={(worker) => set({ worker })} />
    <CallParams key={textOf(step.name)} at="params" call={step} catalog={catalog} change={(params) => set({ params })} />
    <Dependents key={`dependents ${textOf(step.worker)}`} worker={textOf(step.worker)} />
  </>;
}

export function ChildForm({ step, set }: FormProps): ReactElement {
  return <>
    <TextField label="Workflow" at="workflow" value={textOf(step.workflow)} list={WORKFLOWS_LIST} change={(workflow) => set({ workflow })} code />
    <NumberField label="Version" at="version" value={step.version} placeholder="the latest when the step starts" change={(version) => set({ version })} />
    <ParamsForm legend="Input" at="input" schema={null} params={isObject(step.input) ? step.input : {}} hint="Without any key, the workflow gets the step's whole context."
      change={(input) => set({ input: Object.keys(input).length ? input : null })} />
  </>;
}

export function BodyForm({ step, set }: FormProps): ReactElement {
  const count = isObject(step.body) ? stepsOf(step.body).length : 0;
  return <>
    <p className="hint">{count === 1 ? "1 step" : `${count} steps`} inside. They read the context around them, have names of their own, and are undone together.</p>
    <ParamsForm legend="Values for its steps" at="params" schema={null} params={isObject(step.params) ? step.params : {}} hint="Each is laid over the context that they read."
      change={(params) => set({ params: Object.keys(params).length ? params : null })} />
  </>;
}
