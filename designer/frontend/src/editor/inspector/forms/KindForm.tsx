/** What a step does, by its kind. */
import type { ReactElement } from "react";
import type { Catalog } from "../../../graph/model/catalog";
import { isObject, kindOf, textOf, type JsonObject, type Step } from "../../../graph/model/document";
import type { Kind } from "../../../shared/kinds";
import { isExpression } from "../../model/params";
import { ChoiceField, NumberField, TextField } from "../../controls/fields";
import { ParamsForm } from "./ParamsForm";
import { ExpressionField } from "../fields/ExpressionField";
import { WORKERS_LIST, WORKFLOWS_LIST, type SetFields } from "./setFields";
import { Switchable } from "../fields/Switchable";

interface Props {
  readonly step: Step;
  readonly catalog: Catalog;
  readonly set: SetFields;
}

export function KindForm(props: Props): ReactElement {
  const Form = FORMS[kindOf(props.step)];
  return <Form {...props} />;
}

const FORMS: Readonly<Record<Kind, (props: Props) => ReactElement>> = {
  task: WorkerForm, map: MapForm, workflow: ChildForm, wait: WaitForm, approval: ApprovalForm, set: ValuesForm, fail: FailForm,
  group: GroupForm, loop: LoopForm,
};

function WorkerForm({ step, catalog, set }: Props): ReactElement {
  const spec = catalog.get(textOf(step.worker));
  return <>
    <TextField label="Worker" at="worker" value={textOf(step.worker)} list={WORKERS_LIST} code hint={spec?.doc.split("\n")[0]} change={(worker) => set({ worker })} />
    <ParamsForm key={textOf(step.name)} at="params" schema={spec?.params_schema ?? null} params={isObject(step.params) ? step.params : {}}
      change={(params) => set({ params: Object.keys(params).length ? params : null })} />
  </>;
}

function MapForm(props: Props): ReactElement {
  const { step, set } = props;
  return <>
    <ExpressionField label="For each of" at="items" value={textOf(step.items).replace(/^=(?!=)/, "")} change={(items) => set({ items })} hint="An expression that gives a list" />
    <NumberField label="Items in one call" at="batch_size" value={step.batch_size} placeholder="1" change={(batch_size) => set({ batch_size })} hint="1: the worker gets item and index; more: batch and index" />
    <NumberField label="At work at the same time" at="max_concurrency" value={step.max_concurrency} placeholder="no limit" change={(max_concurrency) => set({ max_concurrency })} />
    <NumberField label="Items that may fail" at="tolerate" value={step.tolerate} placeholder="0" change={(tolerate) => set({ tolerate })} />
    <WorkerForm {...props} />
  </>;
}

function ChildForm({ step, set }: Omit<Props, "catalog">): ReactElement {
  return <>
    <TextField label="Workflow" at="workflow" value={textOf(step.workflow)} list={WORKFLOWS_LIST} change={(workflow) => set({ workflow })} code />
    <NumberField label="Version" at="version" value={step.version} placeholder="the latest when the step starts" change={(version) => set({ version })} />
    <ParamsForm legend="Input" at="input" schema={null} params={isObject(step.input) ? step.input : {}} hint="Without any key, the workflow gets the step's whole context."
      change={(input) => set({ input: Object.keys(input).length ? input : null })} />
  </>;
}

const NOTHING: JsonObject = { seconds: null, until: null, signal: null };
const FIRST: Readonly<Record<string, JsonObject>> = {
  seconds: { seconds: 60 }, until: { until: "=context.at" }, signal: { signal: "go_on" },
};

function WaitForm({ step, set }: Omit<Props, "catalog">): ReactElement {
  const way = step.signal !== undefined ? "signal" : step.until !== undefined ? "until" : "seconds";
  return <>
    <ChoiceField label="Waits" value={way} options={[["seconds", "for some seconds"], ["until", "until a time"], ["signal", "for a signal"]]} change={(next) => set({ ...NOTHING, ...FIRST[next] })} />
    {way === "signal" && <TextField label="Signal" at="signal" value={textOf(step.signal)} change={(signal) => set({ signal })} code />}
    {way === "until" && (
      <Switchable label="Until" at="until" value={step.until} first="context.at" put={(until) => set({ until: until ?? "2030-01-31T09:00:00Z" })}>
        <TextField label="Until" at="until" value={textOf(step.until)} change={(until) => set({ until })} code hint="A time with its zone, such as 2030-01-31T09:00:00Z" />
      </Switchable>
    )}
    {way === "seconds" && (
      <Switchable label="Seconds" at="seconds" value={step.seconds} first="context.seconds" put={(seconds) => set({ seconds: seconds ?? 60 })}>
        {typeof step.seconds === "string" && !isExpression(step.seconds)
          ? <TextField label="Seconds" at="seconds" value={step.seconds} change={(seconds) => set({ seconds })} code />
          : <NumberField label="Seconds" at="seconds" value={step.seconds} change={(seconds) => set({ seconds })} />}
      </Switchable>
    )}
  </>;
}

function GroupForm({ step, set }: Omit<Props, "catalog">): ReactElement {
  return <ParamsForm legend="Values for its steps" at="params" schema={null} params={isObject(step.params) ? step.params : {}} hint="Each is laid over the context that its steps read."
    change={(params) => set({ params: Object.keys(params).length ? params : null })} />;
}

function LoopForm(props: Props): ReactElement {
  const { step, set } = props;
  return <>
    <ExpressionField label="Until" at="until" value={textOf(step.until)} change={(until) => set({ until })} hint="A condition, read after each turn, such as output.status == 'done'" />
    <ExpressionField label="While" at="while" value={textOf(step.while)} change={(condition) => set({ while: condition })} hint="A condition, read before each turn, such as turn == 1 || previous.next != null" />
    <NumberField label="Turns at most" at="max_turns" value={step.max_turns} change={(max_turns) => set({ max_turns })} />
    <WorkerForm {...props} />
  </>;
}

function ValuesForm({ step, set }: Omit<Props, "catalog">): ReactElement {
  return <ParamsForm legend="Values" at="values" schema={null} params={isObject(step.values) ? step.values : {}} hint="Each is laid over the context of the steps behind."
    change={(values) => set({ values })} />;
}

function FailForm({ step, set }: Omit<Props, "catalog">): ReactElement {
  return <>
    <TextField label="Code" at="code" value={textOf(step.code)} change={(code) => set({ code })} code hint="What error edges and retry policies are matched with, such as payment.refused" />
    <Switchable label="Message" at="message" value={step.message} first="'Too much: ' + string(context.total)" put={(message) => set({ message: message ?? null })}>
      <TextField label="Message" at="message" value={textOf(step.message)} change={(message) => set({ message })} rows={3} hint="What people read about the failure" />
    </Switchable>
  </>;
}

function ApprovalForm({ step, set }: Omit<Props, "catalog">): ReactElement {
  return (
    <Switchable label="Question" at="message" value={step.message} first="'Is ' + string(context.total) + ' right?'" put={(message) => set({ message: message ?? null })}>
      <TextField label="Question" at="message" value={textOf(step.message)} change={(message) => set({ message })} rows={3} hint="What the person who approves is asked" />
    </Switchable>
  );
}
