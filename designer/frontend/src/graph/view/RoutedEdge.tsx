/** An edge along its route. Its label is drawn above all edges, so that none crosses it. */
import { BaseEdge, EdgeLabelRenderer, useStoreApi, type EdgeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { edgePath } from "../layout/edgePath";
import { FAILED } from "./flow";
import { useRoute } from "./routes";

function RoutedEdgeView(props: EdgeProps): ReactElement {
  const { id, label, sourceHandleId, markerEnd, interactionWidth, selectable, selected } = props;
  const { path, label: [x, y], leader } = edgePath(props, useRoute(id));
  return <>
    <BaseEdge id={id} path={path} {...(markerEnd && { markerEnd })} {...(interactionWidth !== undefined && { interactionWidth })} />
    {leader && <path className="edge-leader" d={leader} />}
    {typeof label === "string" && label && <EdgeLabel id={id} text={label} x={x} y={y} isCaught={sourceHandleId === FAILED} isSelectable={selectable ?? false} isSelected={selected ?? false} />}
  </>;
}

interface LabelProps {
  readonly id: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly isCaught: boolean;
  readonly isSelectable: boolean;
  readonly isSelected: boolean;
}

export function EdgeLabel({ id, text, x, y, isCaught, isSelectable, isSelected }: LabelProps): ReactElement {
  const store = useStoreApi();
  return (
    <EdgeLabelRenderer>
      <div className="edge-condition nopan" aria-hidden="true" data-edge={id} data-caught={isCaught || undefined} data-selected={isSelected || undefined} data-selectable={isSelectable || undefined}
        style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        onClick={() => { if (isSelectable) store.getState().addSelectedEdges([id]); }}>{text}</div>
    </EdgeLabelRenderer>
  );
}

export const RoutedEdge = memo(RoutedEdgeView);
