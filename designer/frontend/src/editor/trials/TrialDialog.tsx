/** The dialog before a trial: its input, and a warning that the workers are the real ones. */
import { writeJson } from "../../shared/json";
import { present } from "../../shared/present";
import { useEffect, useId, useState, type ReactElement } from "react";
import { withoutConsent, type WorkerEffect } from "../model/effects";
import { isObject, type JsonObject } from "../../graph/model/document";
import { Dialog } from "../controls/Dialog";
import { JsonField } from "../controls/fields";
import { ProblemList } from "../controls/ProblemList";
import { consentedWorkers, giveConsent } from "./consent";
import type { CallResult } from "../../graph/model/calls";

interface Props {
  readonly title: string;
  readonly label: string;
  readonly effects: readonly WorkerEffect[];
  readonly sample: JsonObject;
  /** A control that chooses another sample, such as the context of a past run. */
  readonly choose?: ReactElement;
  readonly start: (input: JsonObject) => Promise<CallResult<unknown>>;
  readonly close: () => void;
}

export function TrialDialog({ title, label, effects, sample, choose, start, close }: Props): ReactElement {
  const id = useId();
  const [input, setInput] = useState<JsonObject>(sample);
  const [consented] = useState(consentedWorkers);
  const unconfirmed = withoutConsent(effects, consented);
  const [hasConsent, setConsent] = useState(false);
  const [refusal, setRefusal] = useState<CallResult<unknown> | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => setInput(sample), [sample]);
  const send = async (): Promise<void> => {
    setBusy(true);
    giveConsent(effects.map(({ worker }) => worker));
    const result = await start(input);
    setBusy(false);
    if (result.is === "ok") close();
    else setRefusal(result);
  };
  return (
    <Dialog title={title} close={close}>
      <p>A trial runs what is drawn here, without publishing it. It is marked as a trial, and is in no list and no statistics unless you ask for trials.</p>
      <RealEffects effects={effects} />
      {choose}
      <JsonField key={writeJson(sample)} label={label} value={input} rows={8} accepts={isObject} wanted="an object is needed" change={(value) => setInput(isObject(value) ? value : {})} />
      {unconfirmed.length > 0 && (
        <div className="flag">
          <input id={id} type="checkbox" checked={hasConsent} onChange={(event) => setConsent(event.target.checked)} />
          <label htmlFor={id}>I know that {unconfirmed.length === 1 ? `${present(unconfirmed[0]).worker} really acts` : "these really act"}</label>
        </div>
      )}
      {refusal?.is === "refused" && <div role="alert"><p className="field-error">{refusal.message}</p>{refusal.problems.length > 0 && <ProblemList problems={refusal.problems} />}</div>}
      <div className="actions">
        <button type="button" className="btn" onClick={close}>Cancel</button>
        <button type="button" className="btn btn-primary" disabled={isBusy || (unconfirmed.length > 0 && !hasConsent)} onClick={() => void send()}>{isBusy ? "Starting…" : "Start the trial"}</button>
      </div>
    </Dialog>
  );
}

function RealEffects({ effects }: { readonly effects: readonly WorkerEffect[] }): ReactElement {
  if (!effects.length) return <p className="muted">Its workers only read or compute: they say that there is nothing to undo.</p>;
  return (
    <div className="notice" data-tone="care"><div>
      <strong>The workers are the real ones, and so is what they do:</strong>
      <ul className="acting">{effects.map(({ worker, text }) => <li key={worker}><span className="code">{worker}</span> {text}</li>)}</ul>
    </div></div>
  );
}
