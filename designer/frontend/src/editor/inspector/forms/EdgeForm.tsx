/** The inspector of one edge. */
import type { ReactElement } from "react";
import { ExpressionField } from "../fields/ExpressionField";
import { FieldFocus } from "../fields/FieldFocus";
import { edgesOf, stated, textOf, type Document, type Edge } from "../../../graph/model/document";
import { edgesFrom, movedEdge } from "../../../graph/model/order";
import { FlagField } from "../../controls/fields";

interface Props {
  readonly document: Document;
  readonly index: number;
  readonly put: (edge: Edge, topic: string) => void;
  /** All edges in another order; `index` is where this one is then. */
  readonly reorder: (edges: readonly Edge[], index: number) => void;
  readonly remove: () => void;
}

export function EdgeForm({ document, index, put, reorder, remove }: Props): ReactElement {
  const edge = edgesOf(document)[index] ?? {};
  const set = (fields: Edge, topic: string): void => put(stated({ ...edge, ...fields }), topic);
  return (
    <>
      <p><span className="code">{textOf(edge.from)}</span> leads to <span className="code">{textOf(edge.to)}</span></p>
      {edge.otherwise !== true && (
        <ExpressionField label="Taken when" at="when" value={textOf(edge.when)} change={(when) => set({ when }, "when")}
          hint="A condition such as context.total > 100. Left empty: always. The first true one is taken." />
      )}
      <FlagField label="Otherwise: when no condition is true" at="otherwise" value={edge.otherwise === true}
        change={(otherwise) => set({ otherwise: otherwise || null, ...(otherwise && { when: null }) }, "otherwise")} />
      <Order document={document} index={index} reorder={reorder} />
      <button type="button" className="btn btn-sm" onClick={remove}>Remove this edge</button>
      <FieldFocus />
    </>
  );
}

function Order({ document, index, reorder }: Pick<Props, "document" | "index" | "reorder">): ReactElement | null {
  const siblings = edgesFrom(document, textOf(edgesOf(document)[index]?.from));
  if (siblings.length < 2) return null;
  const button = (by: -1 | 1, text: string): ReactElement => {
    const moved = movedEdge(document, index, by);
    return <button type="button" className="btn btn-xs" disabled={!moved} onClick={() => moved && reorder(moved.edges, moved.index)}>{text}</button>;
  };
  return (
    <div className="edge-order">
      <span>Tried as number {siblings.indexOf(index) + 1} of {siblings.length}</span>
      {button(-1, "Earlier")}{button(1, "Later")}
    </div>
  );
}
