/** An undo that an API's document suggests. It is a guess: nothing is undone by it before a person has taken it. */
import { useState, type ReactElement } from "react";
import { textOf, type JsonObject, type Step } from "../../../graph/model/document";
import { writeJson } from "../../../shared/json";
import { useOperation } from "../../draft/operations";
import { requestOf, undoFrom, without } from "../../model/operations";

/** Proposals that somebody has said no to, as long as the page. */
const declined = new Set<string>();

interface Props {
  readonly step: Step;
  readonly take: (undo: JsonObject) => void;
}

export function ProposedUndo({ step, take }: Props): ReactElement | null {
  const request = requestOf(step);
  const operation = useOperation(request);
  const [, again] = useState(0);
  const proposal = operation?.proposal;
  const key = `${textOf(step.name)} ${writeJson(request)}`;
  if (!proposal || declined.has(key)) return null;
  const undo = undoFrom(proposal, step);
  const params = undo.params as JsonObject;
  const decline = (): void => {
    declined.add(key);
    again((count) => count + 1);
  };
  return (
    <section className="proposal" aria-label="Proposed undo">
      <h3>Proposed: <span className="code">{textOf(params.method)} {textOf(params.url)}</span></h3>
      <p>{proposal.why} {!proposal.is_said && "This is a guess by names: check that it does."}</p>
      <pre className="code">{writeJson(without(params, ["connection", "method", "url"]), 2)}</pre>
      <div className="flex flex-wrap gap-2">
        <button type="button" className="btn btn-sm btn-primary" onClick={() => take(undo)}>Take it as the undo</button>
        <button type="button" className="btn btn-sm" onClick={decline}>No</button>
      </div>
    </section>
  );
}
