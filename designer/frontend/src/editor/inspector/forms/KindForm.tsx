/** What a step does, by its kind. */
import type { ReactElement } from "react";
import { isNumber, numberIn } from "../../../shared/json";
import { isObject, kindOf, textOf, type Json } from "../../../graph/model/document";
import type { Kind } from "../../../shared/kinds";
import { ChoiceField, FlagField, NumberField, TextField } from "../../controls/fields";
import { ParamsForm } from "../calls/ParamsForm";
import { ExpressionField } from "../fields/ExpressionField";
import { Switchable } from "../fields/Switchable";
import { BodyForm, ChildForm, WorkerForm, WorkForm, type FormProps } from "./WorkForm";
import { ApprovalForm } from "./ApprovalForm";
import { WaitForm } from "./WaitForm";

export function KindForm(props: FormProps): ReactElement {
  const Form = FORMS[kindOf(props.step)];
  return <Form key={textOf(props.step.name)} {...props} />;
}

const FORMS: Readonly<Record<Kind, (props: FormProps) => ReactElement>> = {
  task: WorkerForm, map: MapForm, workflow: OtherWorkflowForm, wait: WaitForm, approval: ApprovalForm, set: ValuesForm, fail: FailForm,
  group: BodyForm, loop: LoopForm,
};

function MapForm(props: FormProps): ReactElement {
  const { step, set } = props;
  return <>
    <ExpressionField label="For each of" at="items" value={textOf(step.items).replace(/^=(?!=)/, "")} change={(items) => set({ items })} hint="An expression that gives a list" />
    <NumberField label="Items in one call" at="batch_size" value={step.batch_size} placeholder="1" change={(batch_size) => set({ batch_size })} hint="1: what works on it gets item and index; more: batch and index" />
    <NumberField label="At work at the same time" at="max_concurrency" value={step.max_concurrency} placeholder="no limit" change={(max_concurrency) => set({ max_concurrency })} />
    <TextField label="Items that may fail" at="tolerate" value={isNumber(step.tolerate) ? String(step.tolerate) : textOf(step.tolerate)} change={(text) => set({ tolerate: toleratedIn(text) })} hint="A number, or a share such as 10 %; left empty: none" />
    <NumberField label="Enough when so many have completed" at="needed" value={step.needed} placeholder="all" change={(needed) => set({ needed })} hint="The others are then stopped, and undone" />
    <WorkForm {...props} each="Each item" />
  </>;
}

/** A number as a number, a share as a text. */
function toleratedIn(text: string): Json {
  return /^\d+$/.test(text.trim()) ? numberIn(text.trim()) ?? text : text;
}

function LoopForm(props: FormProps): ReactElement {
  const { step, set } = props;
  return <>
    <ExpressionField label="Until" at="until" value={textOf(step.until)} change={(until) => set({ until })} hint="A condition, read after each turn, such as output.status == 'done'" />
    <ExpressionField label="While" at="while" value={textOf(step.while)} change={(condition) => set({ while: condition })} hint="A condition, read before each turn, such as turn == 1 || previous.next != null" />
    <NumberField label="Turns at most" at="max_turns" value={step.max_turns} change={(max_turns) => set({ max_turns })} />
    <ChoiceField label="When they are used up" at="on_exhausted" value={textOf(step.on_exhausted)} options={[["", "The loop fails, with turns_exhausted"], ["continue", "The run goes on"]]} change={(on_exhausted) => set({ on_exhausted })} />
    <Switchable label="Seconds between turns" at="delay" value={step.delay} first="turn * 10" put={(delay) => set({ delay: delay ?? null })} hint="turn is the number of the turn that has ended">
      <NumberField label="Seconds between turns" at="delay" value={step.delay} placeholder="0" change={(delay) => set({ delay })} />
    </Switchable>
    <FlagField label="Its output is the list of all turns' outputs" at="collect" value={step.collect === true} change={(collect) => set({ collect: collect || null })} hint="Else that of the last turn" />
    <WorkForm {...props} each="Each turn" />
  </>;
}

function OtherWorkflowForm(props: FormProps): ReactElement {
  const { step, set } = props;
  return <>
    <ChildForm {...props} />
    <FlagField label="Go on at once, without waiting for it" at="detached" value={step.detached === true}
      change={(detached) => set({ detached: detached || null, ...(!detached && isObject(step.compensation) && step.compensation.rollback === true && { compensation: null }) })}
      hint="The output is then the other run's id, and nothing undoes that run unless the undo slot says so" />
  </>;
}

function ValuesForm({ step, set }: FormProps): ReactElement {
  return <ParamsForm legend="Values" at="values" schema={null} params={isObject(step.values) ? step.values : {}} hint="Each is laid over the context of the steps behind."
    change={(values) => set({ values })} />;
}

function FailForm({ step, set }: FormProps): ReactElement {
  return <>
    <TextField label="Code" at="code" value={textOf(step.code)} change={(code) => set({ code })} code hint="What error edges and retry policies are matched with, such as payment.refused" />
    <Switchable label="Message" at="message" value={step.message} first="'Too much: ' + string(context.total)" put={(message) => set({ message: message ?? null })}>
      <TextField label="Message" at="message" value={textOf(step.message)} change={(message) => set({ message })} rows={3} hint="What people read about the failure" />
    </Switchable>
  </>;
}
