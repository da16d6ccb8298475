/** Canvas nodes and edges in React Flow's terms. Unchanged ones stay the same objects, so that they are not drawn again. */
import { MarkerType, Position, type Edge, type NodeHandle, type ReactFlowState } from "@xyflow/react";
import type { Direction } from "../layout/direction";
import type { Directions } from "../layout/planes";
import { PORT_OUT, sourcePort, targetPort, type Port } from "../layout/ports";
import type { Box } from "../model/boxes";
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
/** The handle of a step from which its error edges start. */
export const FAILED = "failed";

/** Classes for the canvas at its zoom: the further away, the larger the letters on a step. */
export const writtenAt = ({ transform: [, , zoom] }: ReactFlowState): string =>
  zoom < ZOOM_TO_SEE ? "is-small is-tiny" : zoom < ZOOM_TO_READ ? "is-small" : "";

/** Whether steps are drawn with their title alone: too many, and too small to be read. */
export const isFar = ({ transform, nodeLookup }: ReactFlowState): boolean => transform[2] < ZOOM_FAR && nodeLookup.size > MANY;

/** The graphs of a canvas in React Flow's terms; steps within frames can neither be moved nor chosen there. */
export function flowNodes(
  views: ReadonlyMap<string, StepView>, boxes: readonly Box[], directions: Directions, before: StepFlowNode[], chosen: ReadonlySet<string>,
): StepFlowNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return kept(before, boxes.flatMap(({ id, path, x, y, width, height, isFrame }): StepFlowNode[] => {
    const data = views.get(id);
    if (!data) return [];
    const [selected, type, old] = [chosen.has(id), isFrame ? "frame" as const : "step" as const, known.get(id)];
    const size = isFrame ? sized(width, height, directions.get(path)) : SIZED[directions.get(path) ?? "right"];
    const isSame = old?.data === data && old.position.x === x && old.position.y === y && old.selected === selected;
    if (isSame && old.type === type && old.width === width && old.height === height && old.sourcePosition === size.sourcePosition) return [old];
    return [{
      ...(old?.type === type && old), id, data, type, position: { x, y }, selected, ariaLabel: ariaLabel(data),
      ...size, ...(isFrame && { zIndex: -1 }), ...(path && { ...WITHIN, parentId: path }),
    }];
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
const MARKER = { type: MarkerType.ArrowClosed, width: 18, height: 18 };
const FAILED_MARKER = { ...MARKER, color: "var(--color-error)" };
const WITHIN = { draggable: false, selectable: false, connectable: false, deletable: false, focusable: false };

const SIDES: Readonly<Record<Direction, { readonly sourcePosition: Position; readonly targetPosition: Position }>> = {
  right: { sourcePosition: Position.Right, targetPosition: Position.Left }, down: { sourcePosition: Position.Bottom, targetPosition: Position.Top },
};

/** The side of a step that error edges start from. */
export const failedSide = (source: Position | undefined): Position => (source === Position.Bottom ? Position.Right : Position.Bottom);

/** Where edges end at a step, so that nothing needs to be measured before they are drawn. */
function handlesOf(width: number, height: number, direction: Direction): NodeHandle[] {
  const box = { x: 0, y: 0, width, height };
  const { sourcePosition, targetPosition } = SIDES[direction];
  return [
    handle("target", targetPosition, targetPort(box, direction)),
    handle("source", sourcePosition, sourcePort(box, direction, false)),
    { ...handle("source", failedSide(sourcePosition), sourcePort(box, direction, true)), id: FAILED },
  ];
}

/** The dot of a port lies on the border of its step, half of it outside. */
function handle(type: NodeHandle["type"], position: Position, { at: [x, y], heading: [dx, dy] }: Port): NodeHandle {
  const inwards = (type === "source" ? -1 : 1) * PORT_OUT;
  return { type, position, x: x + dx * inwards - HANDLE / 2, y: y + dy * inwards - HANDLE / 2, width: HANDLE, height: HANDLE };
}

export function sized(width: number, height: number, direction: Direction = "right") {
  return { width, height, measured: { width, height }, handles: handlesOf(width, height, direction), ...SIDES[direction] };
}
export const SIZED = { right: sized(NODE_WIDTH, NODE_HEIGHT), down: sized(NODE_WIDTH, NODE_HEIGHT, "down") } as const;

function flowEdge({ id, source, target, label, isError, isInner, marks }: EdgeView, selected: boolean, interactionWidth: number): Edge {
  return {
    id, source, target, sourceHandle: isError ? FAILED : null, label, selected, zIndex: Number(selected), interactionWidth, type: "routed", markerEnd: isError ? FAILED_MARKER : MARKER,
    className: [isError ? "is-caught" : label && "is-conditional", marks && "is-marked"].filter(Boolean).join(" "),
    ariaLabel: wayText(source, target, label, isError), ...(isInner && { selectable: false, focusable: false, deletable: false }),
  };
}

export function wayText(source: string, target: string, label: string, isError: boolean): string {
  return `From ${source} to ${target}${label ? `, if ${isError ? "it " : ""}${label}` : ""}`;
}

function ariaLabel({ title, name, does, slot, marks }: StepView): string {
  const problems = marks ? `, ${marks.errors + marks.warnings} problems` : "";
  return `Step ${title}${title === name ? "" : ` (${name})`}: ${does}; undo: ${slot.text}${problems}`;
}
