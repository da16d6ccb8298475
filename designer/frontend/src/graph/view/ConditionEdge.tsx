/** An edge with a condition. Its label is drawn above all edges, so that none crosses it. */
import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, useStoreApi, type EdgeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { FAILED } from "./flow";

function ConditionEdgeView(props: EdgeProps): ReactElement {
  const { id, label, sourceHandleId, markerEnd, interactionWidth, selectable, selected } = props;
  const store = useStoreApi();
  const [path, x, y] = getSmoothStepPath(props);
  return <>
    <BaseEdge id={id} path={path} {...(markerEnd && { markerEnd })} {...(interactionWidth !== undefined && { interactionWidth })} />
    <EdgeLabelRenderer>
      <div className="edge-condition nopan" aria-hidden="true" data-caught={sourceHandleId === FAILED || undefined} data-selected={selected ? true : undefined} data-selectable={selectable ? true : undefined}
        style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        onClick={() => { if (selectable) store.getState().addSelectedEdges([id]); }}>{label}</div>
    </EdgeLabelRenderer>
  </>;
}

export const ConditionEdge = memo(ConditionEdgeView);
