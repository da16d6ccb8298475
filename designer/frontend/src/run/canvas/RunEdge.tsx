/** An edge of a run: taken, not taken, or undone. */
import { BaseEdge, type Edge, type EdgeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { edgePath } from "../../graph/layout/edgePath";
import { splitId } from "../../graph/model/bodies";
import { wayOf } from "../../graph/model/ways";
import { EdgeLabel } from "../../graph/view/RoutedEdge";
import { useRoute } from "../../graph/view/routes";
import { useStatus } from "../../graph/view/statuses";

export type RunFlowEdge = Edge<{ readonly isError: boolean }, "run">;

function RunEdgeView(props: EdgeProps<RunFlowEdge>): ReactElement {
  const { id, source, target, label, data } = props;
  const isError = data?.isError ?? false;
  const way = wayOf(useStatus(source), useStatus(target), splitId(target)[1], isError);
  const { path, label: [x, y], leader } = edgePath(props, useRoute(id));
  return (
    <g className="run-edge" data-way={way} data-caught={isError || undefined}>
      <BaseEdge id={id} path={path} />
      {leader && <path className="edge-leader" d={leader} />}
      {typeof label === "string" && label && <EdgeLabel id={id} text={label} x={x} y={y} isCaught={isError} isSelectable={false} isSelected={false} />}
    </g>
  );
}

export const RunEdge = memo(RunEdgeView);
