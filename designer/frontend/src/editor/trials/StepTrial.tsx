/** One step alone, with a context that is written by hand or taken from a past run. */
import { useEffect, useId, useState, type ReactElement } from "react";
import { actingIn } from "../model/effects";
import type { Catalog } from "../../graph/model/catalog";
import type { Document, JsonObject } from "../../graph/model/document";
import { get, type Told } from "../../graph/model/calls";
import { sourceText, type Source } from "./sources";
import { TryDialog } from "./TrialDialog";

interface Props {
  readonly api: string;
  readonly document: Document;
  readonly catalog: Catalog;
  readonly name: string;
  readonly index: number;
  readonly start: (context: JsonObject, steps: JsonObject) => Promise<Told<unknown>>;
  readonly close: () => void;
}
interface Scope {
  readonly context: JsonObject;
  readonly steps: JsonObject;
}
const NOTHING: Scope = { context: {}, steps: {} };

export function StepTry({ api, document, catalog, name, index, start, close }: Props): ReactElement {
  const id = useId();
  const [sources, setSources] = useState<readonly Source[]>([]);
  const [run, setRun] = useState("");
  const [scope, setScope] = useState(NOTHING);
  const path = encodeURIComponent(`steps[${index}].when`);
  useEffect(() => {
    void get<{ runs: readonly Source[] }>(`${api}/draft/scope?path=${path}`).then((told) => {
      if (told.is === "ok") setSources(told.value.runs);
    });
  }, [api, path]);
  useEffect(() => {
    let isCurrent = true;
    void get<Scope>(`${api}/draft/context?path=${path}${run && `&run=${run}`}`).then((told) => {
      if (isCurrent) setScope(told.is === "ok" ? told.value : NOTHING);
    });
    return () => { isCurrent = false; };
  }, [api, path, run]);
  const choose = (
    <div className="field">
      <label htmlFor={id}>Begin with the context of</label>
      <select id={id} className="select select-sm" value={run} onChange={(event) => setRun(event.target.value)}>
        <option value="">the sample input</option>
        {sources.map((source) => <option key={source.id} value={source.id}>{sourceText(source)}</option>)}
      </select>
    </div>
  );
  return (
    <TryDialog title={`Try ${name} alone`} label="Context (JSON)" acting={actingIn(document, catalog, name)} sample={scope.context}
      choose={choose} start={(context) => start(context, scope.steps)} close={close} />
  );
}
