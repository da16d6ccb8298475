/** Around the forms of one step, edge or workflow: what is wrong there, and whose values previews take. */
import { useContext, useEffect, useId, useMemo, useState, type ReactElement, type ReactNode } from "react";
import type { Problem } from "../../graph/model/problems";
import { get } from "../../graph/model/calls";
import { sourceText, type Source } from "../trials/sources";
import { ProblemList } from "./fields/ProblemList";
import { InspectingContext } from "./fields/context";
import { SourceContext } from "./fields/source";

interface Props {
  readonly base: string;
  readonly problems: readonly Problem[];
  /** Another object after each saved edit. */
  readonly saved: unknown;
  readonly children: ReactNode;
}

export function Inspect({ base, problems, saved, children }: Props): ReactElement {
  const { api, run, choose, go } = useContext(SourceContext);
  const value = useMemo(() => ({ base, problems, api, saved, run }), [base, problems, api, saved, run]);
  return (
    <InspectingContext value={value}>
      {base && problems.length > 0 && <ProblemList problems={problems} go={go} />}
      {children}
      {base && api && <SourceField api={api} base={base} run={run} choose={choose} />}
    </InspectingContext>
  );
}

interface SourceProps {
  readonly api: string;
  readonly base: string;
  readonly run: string;
  readonly choose: (run: string) => void;
}

function SourceField({ api, base, run, choose }: SourceProps): ReactElement {
  const id = useId();
  const [sources, setSources] = useState<readonly Source[]>([]);
  const [isAsked, ask] = useState(run !== "");
  useEffect(() => {
    if (!isAsked) return;
    void get<{ runs: readonly Source[] }>(`${api}/draft/scope?path=${encodeURIComponent(base)}`).then((told) => {
      if (told.is === "ok") setSources(told.value.runs);
    });
  }, [api, base, isAsked]);
  return (
    <div className="field source-field" onFocus={() => ask(true)} onPointerEnter={() => ask(true)}>
      <label htmlFor={id}>Expressions show what they give with</label>
      <select id={id} className="select select-sm" value={run} onChange={(event) => choose(event.target.value)}>
        <option value="">the sample input</option>
        {sources.map((source) => <option key={source.id} value={source.id}>{sourceText(source)}</option>)}
      </select>
    </div>
  );
}
