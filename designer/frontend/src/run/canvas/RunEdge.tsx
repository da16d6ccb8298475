/** An edge of a run: taken, not taken, or undone. */
import { BaseEdge, getSmoothStepPath, type Edge, type EdgeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { useStatus, type StepStatus } from "../../graph/view/statuses";

export type RunFlowEdge = Edge<{ readonly isError: boolean }, "run">;

function RunEdgeView({ id, source, target, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, label, data }: EdgeProps<RunFlowEdge>): ReactElement {
  const isError = data?.isError ?? false;
  const way = wayOf(useStatus(source), useStatus(target), isError);
  const [path, labelX, labelY] = getSmoothStepPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  return (
    <g className="run-edge" data-way={way} data-caught={isError || undefined}>
      <BaseEdge id={id} path={path} {...(label !== undefined && { label, labelX, labelY })} />
    </g>
  );
}

function wayOf(source: StepStatus | undefined, target: StepStatus | undefined, isError: boolean): "back" | "done" | "dead" | "open" {
  if (!source || !target) return "open";
  if (target.undo !== "none" && target.undo !== "pending" && source.undo !== "none") return "back";
  if (target.status === "skipped" || source.status === "skipped") return "dead";
  if (isError && source.status === "completed") return "dead";
  return source.status === (isError ? "failed" : "completed") && target.status !== "pending" && target.status !== "unreached" ? "done" : "open";
}

export const RunEdge = memo(RunEdgeView);
