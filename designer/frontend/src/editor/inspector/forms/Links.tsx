/** The edges from a step, and a control that connects it without a mouse. */
import { useId, type ReactElement } from "react";
import { edgesOf, textOf, type Document } from "../../../graph/model/document";
import { followersOf } from "../../model/rules";

interface Props {
  readonly document: Document;
  readonly from: string;
  readonly connect: (to: string) => void;
  readonly open: (edge: number) => void;
}

export function Links({ document, from, connect, open }: Props): ReactElement {
  const id = useId();
  const edges = edgesOf(document).flatMap((edge, index) => (textOf(edge.from) === from ? [{ edge, index }] : []));
  const free = followersOf(document, from);
  return (
    <fieldset className="params">
      <legend>Leads to</legend>
      <ul className="links">
        {edges.map(({ edge, index }) => (
          <li key={index}><button type="button" className="link" onClick={() => open(index)}>{textOf(edge.to)}</button>
            <span className="muted"> {edge.otherwise === true ? "otherwise" : textOf(edge.when) && `when ${textOf(edge.when)}`}</span></li>
        ))}
      </ul>
      {!edges.length && !free.length && <p className="hint">Nothing yet, and no other step could follow it.</p>}
      {free.length > 0 && <div className="field">
        <label htmlFor={id}>Connect to</label>
        <select id={id} className="select select-sm" value="" onChange={(event) => connect(event.target.value)}>
          <option value="">Choose a step…</option>
          {free.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </div>}
    </fieldset>
  );
}
