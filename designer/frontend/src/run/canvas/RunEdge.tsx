/** An edge of a run: taken, not taken, or undone. */
import { BaseEdge, getSmoothStepPath, type Edge, type EdgeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { useStatus, type StepStatus } from "../../graph/view/statuses";

export type RunFlowEdge = Edge<Record<string, never>, "run">;

function RunEdgeView({ id, source, target, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, label }: EdgeProps<RunFlowEdge>): ReactElement {
  const way = wayOf(useStatus(source), useStatus(target));
  const [path, labelX, labelY] = getSmoothStepPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  return (
    <g className="run-edge" data-way={way}>
      <BaseEdge id={id} path={path} {...(label !== undefined && { label, labelX, labelY })} />
    </g>
  );
}

function wayOf(source: StepStatus | undefined, target: StepStatus | undefined): "back" | "done" | "dead" | "open" {
  if (!source || !target) return "open";
  if (target.undo !== "none" && target.undo !== "pending" && source.undo !== "none") return "back";
  if (target.status === "skipped" || source.status === "skipped") return "dead";
  return source.status === "completed" && target.status !== "pending" && target.status !== "unreached" ? "done" : "open";
}

export const RunEdge = memo(RunEdgeView);
