/** What a wait waits for the first of: signals, events and times, each perhaps with a name. */
import type { ReactElement } from "react";
import { textOf, type JsonObject } from "../../../graph/model/document";
import { ChoiceField, NumberField, TextField } from "../../controls/fields";
import { ExpressionField } from "../fields/ExpressionField";
import { Switchable } from "../fields/Switchable";

interface Props {
  readonly parts: readonly JsonObject[];
  readonly put: (parts: JsonObject[], topic?: string) => void;
}

const FIRST: Readonly<Record<string, JsonObject>> = {
  signal: { signal: "go_on" }, event: { event: "order.paid", match: "event.data.order == context.order" },
  timeout: { timeout: 3600 }, until: { until: "=context.at" },
};
const WAYS: readonly (readonly [value: string, text: string])[] = [
  ["signal", "a signal"], ["event", "an event"], ["timeout", "some seconds"], ["until", "a time"],
];
const PARTS_MIN = 2;

export function PartsForm({ parts, put }: Props): ReactElement {
  return <>
    {parts.map((part, place) => (
      <PartForm key={place} part={part} place={place}
        change={(next, topic) => put(parts.map((other, at) => (at === place ? next : other)), topic)}
        remove={parts.length > PARTS_MIN ? () => put(parts.filter((_, at) => at !== place)) : null} />
    ))}
    <button type="button" className="link" onClick={() => put([...parts, { timeout: 3600 }])}>Wait for one more</button>
  </>;
}

interface PartProps {
  readonly part: JsonObject;
  readonly place: number;
  readonly change: (part: JsonObject, topic?: string) => void;
  readonly remove: (() => void) | null;
}

function PartForm({ part, place, change, remove }: PartProps): ReactElement {
  const way = WAYS.map(([value]) => value).find((value) => part[value] !== undefined) ?? "signal";
  const at = (field: string): string => `any_of[${place}].${field}`;
  const set = (fields: JsonObject): void => change(withoutNull({ ...part, ...fields }), `part ${place} ${Object.keys(fields)[0]}`);
  return (
    <fieldset className="params" data-field={`any_of[${place}]`}>
      <legend>{place + 1}</legend>
      <ChoiceField label={`Thing ${place + 1} is`} value={way} options={WAYS} change={(next) => change(withoutNull({ ...FIRST[next], name: part.name ?? null }))} />
      {way === "signal" && <TextField label="Signal" at={at("signal")} value={textOf(part.signal)} change={(signal) => set({ signal })} code />}
      {way === "event" && <>
        <TextField label="Type of the event" at={at("event")} value={textOf(part.event)} change={(event) => set({ event })} code />
        <ExpressionField label="Which fits" at={at("match")} value={textOf(part.match)} change={(match) => set({ match: match || null })} hint="Left empty: any event of this type" />
      </>}
      {way === "timeout" && (
        <Switchable label="Seconds" at={at("timeout")} value={part.timeout} first="context.seconds" put={(timeout) => set({ timeout: timeout ?? 3600 })}>
          <NumberField label="Seconds" at={at("timeout")} value={part.timeout} change={(timeout) => set({ timeout: timeout ?? 0 })} />
        </Switchable>
      )}
      {way === "until" && (
        <Switchable label="Until" at={at("until")} value={part.until} first="context.at" put={(until) => set({ until: until ?? "2030-01-31T09:00:00Z" })}>
          <TextField label="Until" at={at("until")} value={textOf(part.until)} change={(until) => set({ until })} code hint="A time with its zone, such as 2030-01-31T09:00:00Z" />
        </Switchable>
      )}
      <TextField label="Name in the output" at={at("name")} value={textOf(part.name)} change={(name) => set({ name: name || null })} code />
      {remove && <button type="button" className="link" onClick={remove}>Remove<span className="sr-only"> thing {place + 1}</span></button>}
    </fieldset>
  );
}

/** A text that is being written may be empty: the part still waits for the same kind of thing. */
const withoutNull = (part: JsonObject): JsonObject => Object.fromEntries(Object.entries(part).filter(([, value]) => value !== null));
