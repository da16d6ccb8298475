/** How many runs of a workflow are under way at a time, how many begin in a time, and which inputs start one. */
import type { ReactElement } from "react";
import { isObject, stated, textOf, type Document, type Json, type JsonObject } from "../../../graph/model/document";
import { ChoiceField, NumberField, TextField } from "../../controls/fields";

interface Props {
  readonly document: Document;
  readonly put: (fields: JsonObject, topic: string) => void;
}

const WHEN_FULL: readonly (readonly [value: string, text: string])[] = [
  ["", "The new run waits for its turn"], ["skip", "No run is started"], ["cancel_oldest", "The oldest is cancelled and undone"],
];

export function FlowForm({ document, put }: Props): ReactElement {
  const concurrency = isObject(document.concurrency) ? document.concurrency : {};
  const rate = isObject(document.rate) ? document.rate : {};
  const debounce = isObject(document.debounce) ? document.debounce : {};
  const parts = { concurrency, rate, debounce };
  /** Without its number a limit is none. */
  const set = (part: keyof typeof parts, key: string, value: Json): void => {
    const next = stated({ ...parts[part], [key]: value });
    const number = part === "debounce" ? next.wait : next.limit;
    put({ [part]: number === undefined ? null : next }, `${part} ${key}`);
  };
  return (
    <fieldset className="params">
      <legend>How many runs at a time</legend>
      <NumberField label="Runs at a time" at="concurrency.limit" value={concurrency.limit} placeholder="any number" change={(limit) => set("concurrency", "limit", limit)} />
      {concurrency.limit !== undefined && <>
        <TextField label="For each (an expression of the input)" at="concurrency.key" value={textOf(concurrency.key)} change={(key) => set("concurrency", "key", key)} code hint="Such as =input.customer; left empty: all runs together" />
        <ChoiceField label="When so many are under way" at="concurrency.when_full" value={textOf(concurrency.when_full)} options={WHEN_FULL} change={(when_full) => set("concurrency", "when_full", when_full)} />
      </>}
      <NumberField label="Runs that begin in a time" at="rate.limit" value={rate.limit} placeholder="any number" change={(limit) => set("rate", "limit", limit)} />
      {rate.limit !== undefined && <NumberField label="That time (seconds)" at="rate.per" value={rate.per} placeholder="60" change={(per) => set("rate", "per", per)} />}
      <NumberField label="Triggers wait for a later input (seconds)" at="debounce.wait" value={debounce.wait} placeholder="no wait" change={(wait) => set("debounce", "wait", wait)} hint="What events, webhooks and schedules bring waits so long; each later input takes the place of the one before" />
      {debounce.wait !== undefined && <>
        <TextField label="Later for each (an expression of the input)" at="debounce.key" value={textOf(debounce.key)} change={(key) => set("debounce", "key", key)} code hint="Such as =input.customer; left empty: all inputs together" />
        <NumberField label="At most, from the first input (seconds)" at="debounce.at_most" value={debounce.at_most} placeholder="no end while inputs come" change={(at_most) => set("debounce", "at_most", at_most)} />
      </>}
    </fieldset>
  );
}
