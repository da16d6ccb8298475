/** The inspector of one edge. */
import type { ReactElement } from "react";
import { ExpressionField } from "../fields/ExpressionField";
import { OtherProblems } from "../../controls/OtherProblems";
import { FieldFocus } from "../fields/FieldFocus";
import { PatternsField } from "../fields/PatternsField";
import { edgesOf, isErrorEdge, stated, textOf, type Document, type Edge } from "../../../graph/model/document";
import { movedEdge, siblingsOf } from "../../../graph/model/order";
import { ChoiceField, FlagField } from "../../controls/fields";

/** The fields that the form has. */
const FIELDS = /^(when|otherwise|errors|on)\b/;

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
  const isError = isErrorEdge(edge);
  return (
    <>
      <p><span className="code">{textOf(edge.from)}</span> leads to <span className="code">{textOf(edge.to)}</span></p>
      <OtherProblems isShown={(field) => FIELDS.test(field)} />
      <ChoiceField label="Taken after" at="on" value={isError ? "failed" : ""} options={[["", `${textOf(edge.from)} has completed`], ["failed", `${textOf(edge.from)} has failed for good`]]}
        change={(on) => set({ on, ...(on ? { otherwise: null } : { errors: null }) }, "on")} />
      {isError && <PatternsField label="Errors that it catches" at="errors" value={edge.errors} change={(errors) => set({ errors }, "errors")}
        hint="Codes such as payment.refused, or patterns such as payment.*; none: every error" />}
      {edge.otherwise !== true && (
        <ExpressionField label={isError ? "And only when" : "Taken when"} at="when" value={textOf(edge.when)} change={(when) => set({ when }, "when")}
          hint={isError ? "A condition, which may read outcomes. Left empty: always. The first edge that fits is taken, and nothing is undone."
            : "A condition such as context.total > 100. Left empty: always. The first true one is taken."} />
      )}
      {!isError && <FlagField label="Otherwise: when no condition is true" at="otherwise" value={edge.otherwise === true}
        change={(otherwise) => set({ otherwise: otherwise || null, ...(otherwise && { when: null }) }, "otherwise")} />}
      <Order document={document} index={index} reorder={reorder} />
      <button type="button" className="btn btn-sm" onClick={remove}>Remove this edge</button>
      <FieldFocus />
    </>
  );
}

function Order({ document, index, reorder }: Pick<Props, "document" | "index" | "reorder">): ReactElement | null {
  const siblings = siblingsOf(document, edgesOf(document)[index] ?? {});
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
