/** Surrounds the forms of one step, edge or workflow with its problems and the choice of values for previews. */
import { useContext, useEffect, useId, useMemo, useState, type ReactElement, type ReactNode } from "react";
import type { Problem } from "../../graph/model/problems";
import { get } from "../../graph/model/calls";
import { pastRunText, type PastRun } from "../model/pastRuns";
import { InspectedContext } from "../controls/inspected";
import { PreviewSourceContext } from "../controls/previewSource";

interface Props {
  readonly base: string;
  /** What paths of the whole workflow have before those of the open graph. */
  readonly prefix: string;
  readonly problems: readonly Problem[];
  /** Another object after each saved edit. */
  readonly saved: unknown;
  readonly children: ReactNode;
}

export function Inspection({ base: inner, prefix, problems, saved, children }: Props): ReactElement {
  const { api, run, choose } = useContext(PreviewSourceContext);
  const base = inner && prefix + inner;
  const value = useMemo(() => ({ base, problems, prefix, api, saved, run }), [base, problems, prefix, api, saved, run]);
  return (
    <InspectedContext value={value}>
      {children}
      {base && api && <PreviewSourceField api={api} base={base} run={run} choose={choose} />}
    </InspectedContext>
  );
}

interface PreviewSourceProps {
  readonly api: string;
  readonly base: string;
  readonly run: string;
  readonly choose: (run: string) => void;
}

function PreviewSourceField({ api, base, run, choose }: PreviewSourceProps): ReactElement {
  const id = useId();
  const [pastRuns, setPastRuns] = useState<readonly PastRun[]>([]);
  const [isAsked, ask] = useState(run !== "");
  useEffect(() => {
    if (!isAsked) return;
    void get<{ runs: readonly PastRun[] }>(`${api}/draft/scope?path=${encodeURIComponent(base)}`).then((result) => {
      if (result.is === "ok") setPastRuns(result.value.runs);
    });
  }, [api, base, isAsked]);
  return (
    <div className="field source-field" onFocus={() => ask(true)} onPointerEnter={() => ask(true)}>
      <label htmlFor={id}>Expressions show what they give with</label>
      <select id={id} className="select select-sm" value={run} onChange={(event) => choose(event.target.value)}>
        <option value="">the sample input</option>
        {pastRuns.map((pastRun) => <option key={pastRun.id} value={pastRun.id}>{pastRunText(pastRun)}</option>)}
      </select>
    </div>
  );
}
