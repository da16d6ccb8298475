/** The inspector of one edge. */
import type { ReactElement } from "react";
import { stated, textOf, type Edge } from "../model/document";
import { FlagField, TextField } from "./fields";

interface Props {
  readonly edge: Edge;
  readonly put: (edge: Edge, topic: string) => void;
  readonly remove: () => void;
}

export function EdgeForm({ edge, put, remove }: Props): ReactElement {
  const set = (fields: Edge, topic: string): void => put(stated({ ...edge, ...fields }), topic);
  return (
    <>
      <p><span className="code">{textOf(edge.from)}</span> leads to <span className="code">{textOf(edge.to)}</span></p>
      {edge.otherwise !== true && (
        <TextField label="Taken when" value={textOf(edge.when)} change={(when) => set({ when }, "when")} code rows={3}
          hint="A condition such as context.total > 100. Left empty: always. The first true one is taken." />
      )}
      <FlagField label="Otherwise: when no condition is true" value={edge.otherwise === true}
        change={(otherwise) => set({ otherwise: otherwise || null, ...(otherwise && { when: null }) }, "otherwise")} />
      <button type="button" className="btn btn-sm" onClick={remove}>Remove this edge</button>
    </>
  );
}
