/** The edges from a step, and a control that connects it without a mouse. */
import { useId, type ReactElement } from "react";
import { edgesOf, isErrorEdge, textOf, type Document } from "../../../graph/model/document";
import { takenWhen } from "../../../graph/model/nodes";
import { followersOf } from "../../model/rules";

interface Props {
  readonly document: Document;
  readonly from: string;
  readonly connect: (to: string, isError: boolean) => void;
  readonly open: (edge: number) => void;
}

export function Links({ document, from, connect, open }: Props): ReactElement {
  const edges = edgesOf(document).flatMap((edge, index) => (textOf(edge.from) === from ? [{ edge, index }] : []));
  const [free, freeOnFailure] = [followersOf(document, from), followersOf(document, from, true)];
  return (
    <fieldset className="params">
      <legend>Leads to</legend>
      <ul className="links">
        {edges.map(({ edge, index }) => (
          <li key={index}><button type="button" className="link" onClick={() => open(index)}>{textOf(edge.to)}</button>
            <span className={isErrorEdge(edge) ? "link-on-failure" : "muted"}> {textOf(edge.when) && !isErrorEdge(edge) ? `when ${textOf(edge.when)}` : isErrorEdge(edge) ? `if it ${takenWhen(edge)}` : takenWhen(edge)}</span></li>
        ))}
      </ul>
      {!edges.length && !free.length && <p className="hint">Nothing yet, and no other step could follow it.</p>}
      <Targets label="Connect to" names={free} choose={(to) => connect(to, false)} />
      <Targets label="If it fails, go to" names={freeOnFailure} choose={(to) => connect(to, true)} />
    </fieldset>
  );
}

interface TargetsProps {
  readonly label: string;
  readonly names: readonly string[];
  readonly choose: (to: string) => void;
}

function Targets({ label, names, choose }: TargetsProps): ReactElement | null {
  const id = useId();
  if (!names.length) return null;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="select select-sm" value="" onChange={(event) => choose(event.target.value)}>
        <option value="">Choose a step…</option>
        {names.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
    </div>
  );
}
