/** The edge that a step would be put on if it were dropped now. Pure. */
import type { Edge } from "@xyflow/react";
import { edgesOf, type Document } from "../../graph/model/document";
import type { Route } from "../../graph/layout/router";
import type { StepFlowNode } from "../../graph/view/StepNode";
import { dropEdge } from "./hits";

/** Only one step at a time is put on an edge, and only one that has no edges yet: others are moved. */
export function aimedBy(document: Document, routes: Iterable<Route>, moved: readonly StepFlowNode[]): string | null {
  const [node, ...others] = moved;
  if (!node || others.length || node.parentId || edgesOf(document).some(({ from, to }) => from === node.id || to === node.id)) return null;
  const { position: { x, y }, width = 0, height = 0 } = node;
  return dropEdge(routes, [x + width / 2, y + height / 2]);
}

/** The edges with the one that is aimed at standing out. */
export function lit(edges: Edge[], aimed: string | null): Edge[] {
  if (aimed === null) return edges;
  return edges.map((edge) => (edge.id === aimed ? { ...edge, className: `${edge.className ?? ""} is-aimed` } : edge));
}
