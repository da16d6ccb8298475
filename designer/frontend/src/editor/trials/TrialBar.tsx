/** The status of the trial on the canvas, and its result once it has ended. */
import { useState, type ReactElement } from "react";
import { writeJson } from "../../shared/json";
import { Badge } from "../../graph/view/Badge";
import type { RunState } from "../../run/model/state";
import { SaveTrial } from "./SaveTrial";
import type { CurrentTrial, Trial } from "./useTrial";
import { RUN_ENDED, STEP_ENDED } from "../../shared/vocabulary";

const TEXT_LENGTH_MAX = 4_000;

interface Props {
  readonly api: string;
  readonly current: CurrentTrial;
}

export function TrialBar({ api, current: { trial, stop, forget } }: Props): ReactElement | null {
  const [refusal, setRefusal] = useState("");
  if (!trial) return null;
  const status = trial.state?.status ?? "pending";
  const hasEnded = RUN_ENDED.has(status);
  const cancel = async (): Promise<void> => {
    const result = await stop();
    setRefusal(result.is === "refused" ? result.message : "");
  };
  return (
    <section className="trial-bar" aria-label="Trial" data-status={status}>
      <div className="trial-line">
        <span className="trial-mark">Trial</span>
        <span role="status"><Badge family="run" status={status} /></span>
        <span className="muted">{trial.alone ? `${trial.alone} alone` : progressText(trial.state)}{!trial.isConnected && !hasEnded && ", not connected: it goes on"}</span>
        <span className="trial-actions">
          <a className="btn btn-xs" href={`/runs/${trial.id}/`} target="_blank" rel="noreferrer">Open its page</a>
          {!hasEnded && <button type="button" className="btn btn-xs" onClick={() => void cancel()}>Stop and undo</button>}
          <button type="button" className="btn btn-xs" onClick={forget}>Put away</button>
        </span>
      </div>
      {refusal && <p className="field-error" role="alert">{refusal}</p>}
      {waitingText(status) && <p>{waitingText(status)}</p>}
      {hasEnded && trial.result && <TrialResult trial={trial} />}
      {hasEnded && !trial.alone && <SaveTrial key={trial.id} api={api} run={trial.id} />}
    </section>
  );
}

function TrialResult({ trial: { alone, result } }: { readonly trial: Trial }): ReactElement | null {
  if (!result) return null;
  const { error } = result;
  const text = writeJson(result.output, 2);
  return <>
    {error?.message && <p className="field-error">{error.step && <strong>{error.step}: </strong>}{error.message}</p>}
    <details open={alone !== null}><summary>{alone ? "What it gave" : "Output"}</summary>
      <pre className="json" tabIndex={0}>{text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…\n(more on its page)` : text}</pre>
    </details>
  </>;
}

function waitingText(status: string): string {
  if (status === "waiting") return "It waits for a time, a signal or an approval; its page says which, and takes the answer.";
  return status === "blocked" ? "It waits for a person to answer, on its page." : "";
}

function progressText(state: RunState | null): string {
  if (!state) return "starting";
  const done = [...state.steps.values()].filter(({ status }) => STEP_ENDED.has(status)).length;
  return `${done} of ${state.order.length} steps ended`;
}
