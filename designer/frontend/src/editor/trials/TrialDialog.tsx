/** The question before a trial: with which input, and that the workers are the real ones. */
import { useEffect, useId, useState, type ReactElement } from "react";
import { unknownOf, type Acting } from "../model/effects";
import { isObject, type JsonObject } from "../../graph/model/document";
import { Dialog } from "../dialogs/Dialog";
import { JsonField } from "../inspector/fields/fields";
import { ProblemList } from "../inspector/fields/ProblemList";
import { agreedWorkers, agreeTo } from "./consent";
import type { Told } from "../../graph/model/calls";

interface Props {
  readonly title: string;
  readonly label: string;
  readonly acting: readonly Acting[];
  readonly sample: JsonObject;
  /** Another sample, such as what a past run gave; null while it is not there. */
  readonly choose?: ReactElement;
  readonly start: (input: JsonObject) => Promise<Told<unknown>>;
  readonly close: () => void;
}

export function TryDialog({ title, label, acting, sample, choose, start, close }: Props): ReactElement {
  const id = useId();
  const [input, setInput] = useState<JsonObject>(sample);
  const [known] = useState(agreedWorkers);
  const unknown = unknownOf(acting, known);
  const [isAgreed, agree] = useState(false);
  const [refusal, setRefusal] = useState<Told<unknown> | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => setInput(sample), [sample]);
  const send = async (): Promise<void> => {
    setBusy(true);
    agreeTo(acting.map(({ worker }) => worker));
    const told = await start(input);
    setBusy(false);
    if (told.is === "ok") close();
    else setRefusal(told);
  };
  return (
    <Dialog title={title} close={close}>
      <p>A trial runs what is drawn here, without publishing it. It is marked as a trial, and is in no list and no statistics unless you ask for trials.</p>
      <Real acting={acting} />
      {choose}
      <JsonField key={JSON.stringify(sample)} label={label} value={input} rows={8} accepts={isObject} wanted="an object is needed" change={(value) => setInput(isObject(value) ? value : {})} />
      {unknown.length > 0 && (
        <div className="flag">
          <input id={id} type="checkbox" checked={isAgreed} onChange={(event) => agree(event.target.checked)} />
          <label htmlFor={id}>I know that {unknown.length === 1 ? `${unknown[0]!.worker} really acts` : "these really act"}</label>
        </div>
      )}
      {refusal?.is === "refused" && <div role="alert"><p className="field-error">{refusal.message}</p>{refusal.problems.length > 0 && <ProblemList problems={refusal.problems} />}</div>}
      <div className="acts">
        <button type="button" className="btn" onClick={close}>Cancel</button>
        <button type="button" className="btn btn-primary" disabled={isBusy || (unknown.length > 0 && !isAgreed)} onClick={() => void send()}>{isBusy ? "Starting…" : "Start the trial"}</button>
      </div>
    </Dialog>
  );
}

function Real({ acting }: { readonly acting: readonly Acting[] }): ReactElement {
  if (!acting.length) return <p className="muted">Its workers only read or compute: they say that there is nothing to undo.</p>;
  return (
    <div className="notice" data-tone="care"><div>
      <strong>The workers are the real ones, and so is what they do:</strong>
      <ul className="acting">{acting.map(({ worker, says }) => <li key={worker}><span className="code">{worker}</span> {says}</li>)}</ul>
    </div></div>
  );
}
