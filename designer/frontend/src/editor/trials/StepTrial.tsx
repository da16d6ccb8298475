/** The dialog for a trial of one step, with a context that is written by hand or taken from a past run. */
import { useEffect, useId, useState, type ReactElement } from "react";
import { effectsOf } from "../model/effects";
import type { Catalog } from "../../graph/model/catalog";
import type { JsonObject } from "../../graph/model/document";
import { get, type CallResult } from "../../graph/model/calls";
import { pastRunText, type PastRun } from "../model/pastRuns";
import { TrialDialog } from "./TrialDialog";
import type { TriedStep } from "./useTrials";

interface Props {
  readonly api: string;
  readonly catalog: Catalog;
  readonly tried: TriedStep;
  readonly start: (context: JsonObject, steps: JsonObject) => Promise<CallResult<unknown>>;
  readonly close: () => void;
}
interface Scope {
  readonly context: JsonObject;
  readonly steps: JsonObject;
}
const NOTHING: Scope = { context: {}, steps: {} };

export function StepTrial({ api, catalog, tried: { step, graph, name, path: at }, start, close }: Props): ReactElement {
  const id = useId();
  const [pastRuns, setPastRuns] = useState<readonly PastRun[]>([]);
  const [run, setRun] = useState("");
  const [scope, setScope] = useState(NOTHING);
  const path = encodeURIComponent(`${at}.when`);
  useEffect(() => {
    void get<{ runs: readonly PastRun[] }>(`${api}/draft/scope?path=${path}`).then((result) => {
      if (result.is === "ok") setPastRuns(result.value.runs);
    });
  }, [api, path]);
  useEffect(() => {
    let isCurrent = true;
    void get<Scope>(`${api}/draft/context?path=${path}${run && `&run=${run}`}`).then((result) => {
      if (isCurrent) setScope(result.is === "ok" ? result.value : NOTHING);
    });
    return () => { isCurrent = false; };
  }, [api, path, run]);
  const choose = (
    <div className="field">
      <label htmlFor={id}>Begin with the context of</label>
      <select id={id} className="select select-sm" value={run} onChange={(event) => setRun(event.target.value)}>
        <option value="">the sample input</option>
        {pastRuns.map((pastRun) => <option key={pastRun.id} value={pastRun.id}>{pastRunText(pastRun)}</option>)}
      </select>
    </div>
  );
  return (
    <TrialDialog title={`Try ${step} alone`} label="Context (JSON)" effects={effectsOf(graph, catalog, name)} sample={scope.context}
      choose={choose} start={(context) => start(context, scope.steps)} close={close} />
  );
}
