/** Canvas nodes and edges in React Flow's terms. */
import { MarkerType, type Edge } from "@xyflow/react";
import type { Place } from "../model/document";
import { NODE_HEIGHT, NODE_WIDTH, type EdgeView, type StepView } from "../model/nodes";
import type { StepFlowNode } from "./StepNode";

export function flowNodes(
  views: ReadonlyMap<string, StepView>, places: Readonly<Record<string, Place>>, before: readonly StepFlowNode[], chosen: ReadonlySet<string>,
): StepFlowNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return [...views].map(([id, data]) => {
    const [x, y] = places[id] ?? [0, 0];
    return {
      ...known.get(id), id, data, type: "step" as const, position: { x, y }, selected: chosen.has(id),
      width: NODE_WIDTH, height: NODE_HEIGHT, ariaLabel: ariaLabel(data),
    };
  });
}

export function flowEdges(views: readonly EdgeView[], chosen: ReadonlySet<string>): Edge[] {
  return views.map(({ id, source, target, label, marks }) => ({
    id, source, target, label,
    type: "smoothstep", selected: chosen.has(id), markerEnd: { type: MarkerType.ArrowClosed, width: 18, height: 18 },
    className: [label && "is-conditional", marks && "is-marked"].filter(Boolean).join(" "),
    ariaLabel: `From ${source} to ${target}${label ? `, if ${label}` : ""}`,
  }));
}

function ariaLabel({ title, name, does, slot, marks }: StepView): string {
  const problems = marks ? `, ${marks.errors + marks.warnings} problems` : "";
  return `Step ${title}${title === name ? "" : ` (${name})`}: ${does}; undo: ${slot.text}${problems}`;
}
