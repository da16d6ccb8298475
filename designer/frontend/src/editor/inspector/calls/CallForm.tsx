/** Form for a call beside the step's own: its undo, fallback or verification, with params, timeout, retry, queue and limit. */
import { useEffect, useState, type ReactElement } from "react";
import type { Catalog } from "../../../graph/model/catalog";
import { stated, textOf, type JsonObject } from "../../../graph/model/document";
import { spotOf } from "../../../graph/model/problems";
import { NumberField, TextField } from "../../controls/fields";
import { CallParams } from "./CallParams";
import { useFieldProblems } from "../../controls/inspected";
import { RetryFields } from "./RetryFields";
import { WORKERS_LIST } from "./setFields";

interface Props {
  readonly label: string;
  /** `undo`, `fallback`, …: how its fields are called. */
  readonly what: string;
  readonly at: string;
  readonly hint: string;
  readonly call: JsonObject;
  readonly catalog: Catalog;
  readonly put: (call: JsonObject, topic: string) => void;
}

export function CallForm({ label, what, at, hint, call, catalog, put }: Props): ReactElement {
  const change = (fields: JsonObject): void => put({ worker: "", ...stated({ ...call, ...fields }) }, `${what} ${Object.keys(fields)[0]}`);
  const worker = textOf(call.worker);
  const isInside = useFieldProblems(at, true).some((problem) => spotOf(problem).field !== `${at}.worker`);
  const [isOpen, open] = useState(isInside);
  useEffect(() => { if (isInside) open(true); }, [isInside]);
  return <>
    <TextField label={label} at={`${at}.worker`} value={worker} list={WORKERS_LIST} code hint={hint} change={(name) => change({ worker: name })} />
    {worker && (
      <details className="call" open={isOpen} onToggle={(event) => open(event.currentTarget.open)}><summary>Params, timeout and retry of the {what}</summary>{isOpen && <>
        <CallParams legend={`Params of the ${what}`} of={` of the ${what}`} at={`${at}.params`} call={call} catalog={catalog} change={(params) => change({ params })} />
        <NumberField label={`Timeout of the ${what} (seconds)`} at={`${at}.timeout`} value={call.timeout} placeholder="as the worker says" change={(timeout) => change({ timeout })} />
        <RetryFields of={` of the ${what}`} at={`${at}.retry`} retry={call.retry} change={(retry) => change({ retry })} />
        <TextField label={`Queue of the ${what}`} at={`${at}.queue`} value={textOf(call.queue)} change={(queue) => change({ queue })} code />
        <TextField label={`Limit of the ${what}`} at={`${at}.limit`} value={textOf(call.limit)} change={(limit) => change({ limit })} code />
      </>}</details>
    )}
  </>;
}
