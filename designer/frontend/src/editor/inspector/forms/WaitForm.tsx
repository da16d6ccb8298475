/** A wait: for seconds, until a time, for a signal, for an event, or for the first of several. */
import type { ReactElement } from "react";
import { isObject, textOf, type JsonObject, type Step } from "../../../graph/model/document";
import { isExpression } from "../../model/params";
import { ChoiceField, NumberField, TextField } from "../../controls/fields";
import { ExpressionField } from "../fields/ExpressionField";
import { Switchable } from "../fields/Switchable";
import { PartsForm } from "./PartsForm";
import type { SetFields } from "../calls/setFields";

interface Props {
  readonly step: Step;
  readonly set: SetFields;
}

const NOTHING: JsonObject = { seconds: null, until: null, signal: null, event: null, match: null, any_of: null };
const FIRST: Readonly<Record<string, JsonObject>> = {
  seconds: { seconds: 60 }, until: { until: "=context.at" }, signal: { signal: "go_on" },
  event: { event: "order.paid", match: "event.data.order == context.order" },
  any_of: { any_of: [{ signal: "go_on" }, { timeout: 3600 }] },
};
const WAYS: readonly (readonly [value: string, text: string])[] = [
  ["seconds", "for some seconds"], ["until", "until a time"], ["signal", "for a signal"], ["event", "for an event"], ["any_of", "for the first of several"],
];

export function WaitForm({ step, set }: Props): ReactElement {
  const way = ["any_of", "event", "signal", "until"].find((field) => step[field] !== undefined) ?? "seconds";
  return <>
    <ChoiceField label="Waits" value={way} options={WAYS} change={(next) => set({ ...NOTHING, ...FIRST[next] })} />
    {way === "signal" && <TextField label="Signal" at="signal" value={textOf(step.signal)} change={(signal) => set({ signal })} code />}
    {way === "event" && <>
      <TextField label="Type of the event" at="event" value={textOf(step.event)} change={(event) => set({ event })} code />
      <ExpressionField label="Which fits" at="match" value={textOf(step.match)} change={(match) => set({ match: match || null })} hint="Such as event.data.order == context.order; left empty: any event of this type" />
    </>}
    {way === "any_of" && <PartsForm parts={Array.isArray(step.any_of) ? step.any_of.filter(isObject) : []} put={(any_of, topic) => set({ any_of }, topic)} />}
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
