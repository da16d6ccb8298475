/** The inspector of one step. */
import { useState, type ReactElement } from "react";
import type { Catalog } from "../model/catalog";
import { slotOf } from "../model/catalog";
import { isObject, kindOf, stated, textOf, type Json, type JsonObject, type Step } from "../model/document";
import { ChoiceField, FlagField, JsonField, NumberField, TextField } from "./fields";
import { ParamsForm } from "./ParamsForm";

export const WORKERS_LIST = "designer-workers";
export const WORKFLOWS_LIST = "designer-workflows";

interface Props {
  readonly step: Step;
  readonly catalog: Catalog;
  readonly put: (step: Step, topic: string) => void;
  readonly links: ReactElement;
  /** The tab that is open at first. */
  readonly start: string | null;
}
type Set = (fields: JsonObject, topic?: string) => void;

const TABS = ["Step", "Undo", "Failure", "Notes", "JSON"] as const;

export function StepForm({ step, catalog, put, links, start }: Props): ReactElement {
  const [tab, setTab] = useState<(typeof TABS)[number]>(TABS.find((name) => name === start) ?? "Step");
  const kind = kindOf(step);
  const set: Set = (fields, topic = Object.keys(fields)[0]) => put({ name: step.name ?? "", ...stated({ ...step, ...fields }) }, topic ?? "");
  const isWorked = kind === "task" || kind === "map";
  const tabs = TABS.filter((name) => name !== "Undo" || isWorked || kind === "workflow");
  const shown = tabs.includes(tab) ? tab : "Step";
  return (
    <>
      <div className="tabs" role="group" aria-label="Parts of the step">
        {tabs.map((name) => <button key={name} type="button" aria-pressed={shown === name} onClick={() => setTab(name)}>{name}</button>)}
      </div>
      {shown === "Step" && <>
        <TextField label="Title" value={textOf(step.title)} change={(title) => set({ title })} />
        <TextField label="Name" value={textOf(step.name)} change={(name) => put({ ...step, name }, "name")} code hint="Small letters, digits and _; expressions read it as steps.name" />
        <Does step={step} catalog={catalog} set={set} />
        <TextField label="Only when" value={textOf(step.when)} change={(when) => set({ when })} code hint="A condition such as size(context.items) > 0; if false, the step is skipped" />
        {isWorked && <ParamsForm key={textOf(step.name)} schema={catalog.get(textOf(step.worker))?.params_schema ?? null} params={isObject(step.params) ? step.params : {}}
          change={(params) => set({ params: Object.keys(params).length ? params : null })} />}
        {links}
      </>}
      {shown === "Undo" && <UndoForm step={step} catalog={catalog} set={set} />}
      {shown === "Failure" && <FailureForm step={step} set={set} isWorked={isWorked} />}
      {shown === "Notes" && <TextField label="Notes" value={textOf(step.notes)} change={(notes) => set({ notes })} rows={8} />}
      {shown === "JSON" && <JsonField label="The step as JSON" value={step} rows={18} accepts={isObject} wanted="a step is an object" change={(value) => isObject(value) && put(value, "json")} />}
    </>
  );
}

function Does({ step, catalog, set }: { readonly step: Step; readonly catalog: Catalog; readonly set: Set }): ReactElement {
  const kind = kindOf(step);
  const worker = (
    <TextField label="Worker" value={textOf(step.worker)} list={WORKERS_LIST} code hint={catalog.get(textOf(step.worker))?.doc.split("\n")[0]}
      change={(name) => set({ worker: name })} />
  );
  if (kind === "task") return worker;
  if (kind === "map") return <>
    {worker}
    <TextField label="For each of" value={textOf(step.items)} change={(items) => set({ items })} code hint="An expression that gives a list" />
    <NumberField label="Items in one call" value={step.batch_size} placeholder="1" change={(batch_size) => set({ batch_size })} />
  </>;
  if (kind === "workflow") return <>
    <TextField label="Workflow" value={textOf(step.workflow)} list={WORKFLOWS_LIST} change={(workflow) => set({ workflow })} code />
    <JsonField label="Input (JSON)" value={step.input ?? undefined} rows={4} accepts={isObject} wanted="an input is an object" hint="Left empty: the step's whole context" change={(input) => set({ input: input ?? null })} />
  </>;
  if (kind === "approval") return <TextField label="Question" value={textOf(step.message)} change={(message) => set({ message })} rows={3} />;
  return <WaitForm step={step} set={set} />;
}

function WaitForm({ step, set }: { readonly step: Step; readonly set: Set }): ReactElement {
  const nothing = { seconds: null, until: null, signal: null };
  const way = step.signal !== undefined ? "signal" : step.until !== undefined ? "until" : "seconds";
  const start: Record<string, JsonObject> = { seconds: { seconds: 60 }, until: { until: "=context.at" }, signal: { signal: "go_on" } };
  return <>
    <ChoiceField label="Waits" value={way} options={[["seconds", "for some seconds"], ["until", "until a time"], ["signal", "for a signal"]]} change={(next) => set({ ...nothing, ...start[next] })} />
    {way === "signal" && <TextField label="Signal" value={textOf(step.signal)} change={(signal) => set({ signal })} code />}
    {way === "until" && <TextField label="Until" value={textOf(step.until)} change={(until) => set({ until })} code hint="2030-01-31T09:00:00Z, or an expression that begins with =" />}
    {way === "seconds" && (typeof step.seconds === "string"
      ? <TextField label="Seconds" value={step.seconds} change={(seconds) => set({ seconds })} code />
      : <NumberField label="Seconds" value={step.seconds} change={(seconds) => set({ seconds })} />)}
  </>;
}

function UndoForm({ step, catalog, set }: { readonly step: Step; readonly catalog: Catalog; readonly set: Set }): ReactElement {
  const own = step.compensation ?? null;
  const standard = slotOf({ ...step, compensation: null }, catalog).text;
  const holds = isObject(own) ? "worker" : own === "none" || own === "irreversible" ? own : "";
  const action: JsonObject = isObject(own) ? own : {};
  const choose = (next: string): void => set({ compensation: next === "worker" ? { worker: catalog.get(textOf(step.worker))?.compensation ?? "" } : next || null }, "undo");
  const put = (fields: JsonObject): void => set({ compensation: { worker: "", ...stated({ ...action, ...fields }) } }, `undo ${Object.keys(fields)[0]}`);
  return <>
    <ChoiceField label="Undo" value={holds} change={choose}
      options={[["", `As its worker says: ${standard}`], ["worker", "This worker undoes it"], ["none", "Nothing to undo"], ["irreversible", "It cannot be undone"]]} />
    {isObject(own) && <>
      <TextField label="Undone by" value={textOf(action.worker)} list={WORKERS_LIST} change={(worker) => put({ worker })} code hint="It must be safe to run twice, and on nothing at all" />
      <JsonField label="Params of the undo (JSON)" value={action.params ?? undefined} rows={4} accepts={isObject} wanted="params are an object" change={(params) => put({ params: params ?? null })} />
      <NumberField label="Timeout of the undo (seconds)" value={action.timeout} change={(timeout) => put({ timeout })} />
    </>}
  </>;
}

function FailureForm({ step, set, isWorked }: { readonly step: Step; readonly set: Set; readonly isWorked: boolean }): ReactElement {
  const retry = isObject(step.retry) ? step.retry : {};
  const putRetry = (key: string, value: Json): void => {
    const next = stated({ ...retry, [key]: value });
    set({ retry: Object.keys(next).length ? next : null }, `retry ${key}`);
  };
  const action = (key: "fallback" | "verify", worker: string): void => {
    const before = step[key];
    set({ [key]: worker ? { ...(isObject(before) ? before : {}), worker } : null });
  };
  const workerOf = (value: Json | undefined): string => (isObject(value) ? textOf(value.worker) : "");
  return <>
    {kindOf(step) !== "workflow" && <NumberField label="Timeout (seconds)" value={step.timeout} placeholder="as the worker says" change={(timeout) => set({ timeout })} />}
    {isWorked && <>
      <NumberField label="Attempts" value={retry.max_attempts} placeholder="as the worker says" change={(value) => putRetry("max_attempts", value)} />
      <NumberField label="First delay (seconds)" value={retry.initial} placeholder="1" change={(value) => putRetry("initial", value)} />
      <NumberField label="Each further delay times" value={retry.factor} placeholder="2" change={(value) => putRetry("factor", value)} />
    </>}
    <ChoiceField label="When it has failed for good" value={textOf(step.on_failure)} change={(on_failure) => set({ on_failure })}
      options={[["", "As the workflow says"], ["compensate", "Undo what was done"], ["continue", "Go on without it"], ["pause", "Ask a person"]]} />
    {isWorked && <>
      <TextField label="Fallback worker" value={workerOf(step.fallback)} list={WORKERS_LIST} change={(worker) => action("fallback", worker)} code hint="Tried once when all attempts have failed" />
      <TextField label="Worker that verifies" value={workerOf(step.verify)} list={WORKERS_LIST} change={(worker) => action("verify", worker)} code hint="Asked whether the step was done, when nobody knows" />
    </>}
    {kindOf(step) === "task" && <FlagField label="It may add steps to the run" value={step.dynamic === true} change={(dynamic) => set({ dynamic: dynamic || null })} />}
    <FlagField label="Point of no return" value={step.pivot === true} change={(pivot) => set({ pivot: pivot || null })} hint="After it, a failure asks a person instead of undoing" />
  </>;
}
