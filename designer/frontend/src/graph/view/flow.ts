/** Canvas nodes and edges in React Flow's terms. Unchanged ones stay the same objects, so that they are not drawn again. */
import { MarkerType, Position, type Edge, type NodeHandle, type ReactFlowState } from "@xyflow/react";
import type { Places } from "../model/document";
import { NODE_HEIGHT, NODE_WIDTH, type EdgeView, type StepView } from "../model/nodes";
import type { StepFlowNode } from "./StepNode";

/** From so many steps on, only those in view are drawn, and in less detail when zoomed out. */
export const MANY = 150;
/** Below this zoom, small letters on a step cannot be read; below the next one, hardly any. */
const ZOOM_TO_READ = 0.75;
const ZOOM_TO_SEE = 0.45;
const ZOOM_FAR = 0.3;
const HANDLE = 11;
const EDGE_REACH = 20;
/** The handle of a step from which its error edges start, at its lower right. */
export const FAILED = "failed";
const FAILED_RIGHT = 28;

/** Classes for the canvas at its zoom: the further away, the larger the letters on a step. */
export const writtenAt = ({ transform: [, , zoom] }: ReactFlowState): string =>
  zoom < ZOOM_TO_SEE ? "is-small is-tiny" : zoom < ZOOM_TO_READ ? "is-small" : "";

/** Whether steps are drawn with their title alone: too many, and too small to be read. */
export const isFar = ({ transform, nodeLookup }: ReactFlowState): boolean => transform[2] < ZOOM_FAR && nodeLookup.size > MANY;

export function flowNodes(
  views: ReadonlyMap<string, StepView>, places: Places, before: StepFlowNode[], chosen: ReadonlySet<string>,
): StepFlowNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return kept(before, [...views].map(([id, data]) => {
    const [x, y] = places.get(id) ?? [0, 0];
    const [selected, old] = [chosen.has(id), known.get(id)];
    if (old?.data === data && old.position.x === x && old.position.y === y && old.selected === selected) return old;
    return {
      ...old, id, data, type: "step" as const, position: { x, y }, selected,
      ...SIZED, ariaLabel: ariaLabel(data),
    };
  }));
}

export function flowEdges(views: readonly EdgeView[], chosen: ReadonlySet<string>, before: Edge[] = []): Edge[] {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  return kept(before, views.map((view) => {
    const next = flowEdge(view, chosen.has(view.id), views.length > MANY ? 0 : EDGE_REACH);
    const old = known.get(view.id);
    return old && SHOWN.every((key) => old[key] === next[key]) ? old : next;
  }));
}

/** The former list if no item is new, so that React Flow does not compare all of it again. */
function kept<Item>(before: Item[], next: Item[]): Item[] {
  return before.length === next.length && before.every((item, index) => item === next[index]) ? before : next;
}

const SHOWN = ["type", "label", "sourceHandle", "className", "selected", "interactionWidth"] as const;
const SIZE = { width: NODE_WIDTH, height: NODE_HEIGHT };
const MARKER = { type: MarkerType.ArrowClosed, width: 18, height: 18 };
const FAILED_MARKER = { ...MARKER, color: "var(--color-error)" };
/** Where edges end at a step, so that nothing needs to be measured before they are drawn. */
const HANDLES: NodeHandle[] = [
  { type: "target", position: Position.Left, x: -HANDLE / 2, y: (NODE_HEIGHT - HANDLE) / 2, width: HANDLE, height: HANDLE },
  { type: "source", position: Position.Right, x: NODE_WIDTH - HANDLE / 2, y: (NODE_HEIGHT - HANDLE) / 2, width: HANDLE, height: HANDLE },
  { id: FAILED, type: "source", position: Position.Bottom, x: NODE_WIDTH - FAILED_RIGHT - HANDLE / 2, y: NODE_HEIGHT - HANDLE / 2, width: HANDLE, height: HANDLE },
];
export const SIZED = { ...SIZE, measured: SIZE, handles: HANDLES };

function flowEdge({ id, source, target, label, isError, marks }: EdgeView, selected: boolean, interactionWidth: number): Edge {
  return {
    id, source, target, sourceHandle: isError ? FAILED : null, label, selected, interactionWidth, type: label ? "condition" : "smoothstep", markerEnd: isError ? FAILED_MARKER : MARKER,
    className: [isError ? "is-caught" : label && "is-conditional", marks && "is-marked"].filter(Boolean).join(" "),
    ariaLabel: wayText(source, target, label, isError),
  };
}

export function wayText(source: string, target: string, label: string, isError: boolean): string {
  return `From ${source} to ${target}${label ? `, if ${isError ? "it " : ""}${label}` : ""}`;
}

function ariaLabel({ title, name, does, slot, marks }: StepView): string {
  const problems = marks ? `, ${marks.errors + marks.warnings} problems` : "";
  return `Step ${title}${title === name ? "" : ` (${name})`}: ${does}; undo: ${slot.text}${problems}`;
}
