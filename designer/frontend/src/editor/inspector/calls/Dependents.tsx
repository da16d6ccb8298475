/** What depends on a worker now, asked when it is unfolded: workflows, open runs, and undos that may be needed. */
import { useState, type ReactElement } from "react";
import { get, type CallResult } from "../../../graph/model/calls";
import { dependentsText, type BlastRadius } from "./blastRadius";

const WORKFLOWS_MAX = 12;

export function Dependents({ worker }: { readonly worker: string }): ReactElement | null {
  const [answer, setAnswer] = useState<CallResult<BlastRadius> | null>(null);
  if (!worker) return null;
  const ask = (): void => { void get<BlastRadius>(`/api/v1/workers/${encodeURIComponent(worker)}/blast-radius`).then(setAnswer); };
  return (
    <details className="dependents" onToggle={(event) => { if (event.currentTarget.open) ask(); }}>
      <summary>What depends on {worker}?</summary>
      <div aria-live="polite">
        {!answer && <p className="muted">Counting…</p>}
        {answer?.is === "refused" && <p className="field-error">{answer.message}</p>}
        {answer?.is === "ok" && <Told radius={answer.value} />}
        <p><a className="link" href={`/workers/${encodeURIComponent(worker)}/`}>All about {worker}</a></p>
      </div>
    </details>
  );
}

function Told({ radius }: { readonly radius: BlastRadius }): ReactElement {
  const { workflows } = radius;
  const rest = workflows.length - WORKFLOWS_MAX;
  return <>
    <p>{dependentsText(radius)}</p>
    {workflows.length > 0 && (
      <ul aria-label="Workflows that call it">{workflows.slice(0, WORKFLOWS_MAX).map(({ workflow, places, open_runs: runs, undos }) => (
        <li key={workflow}><a className="code" href={`/workflows/${encodeURIComponent(workflow)}/`}>{workflow}</a> <span className="muted">{places.join(" and ")}{runs > 0 && `, ${runs} open`}{undos > 0 && `, ${undos} to undo`}</span></li>
      ))}</ul>
    )}
    {rest > 0 && <p className="muted">And {rest} more.</p>}
  </>;
}
