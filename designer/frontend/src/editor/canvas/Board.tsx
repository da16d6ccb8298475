/** The canvas that the author edits. It reports what is asked for and never changes the document. */
import {
  applyEdgeChanges, applyNodeChanges, Background, Controls, MiniMap, ReactFlow, useReactFlow,
  useStore, type Connection, type Edge, type EdgeChange, type FinalConnectionState, type NodeChange, type NodeSelectionChange,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type Dispatch, type DragEvent, type ReactElement, type RefObject, type SetStateAction } from "react";
import type { Catalog } from "../../graph/model/catalog";
import { stepsOf, type Document, type Place, type Places } from "../../graph/model/document";
import { edgeViews, NODE_HEIGHT, NODE_WIDTH, snapped, stepViews } from "../../graph/model/nodes";
import { marksOf, type Problem } from "../../graph/model/problems";
import type { Selection } from "../draft/selection";
import { refusalOf } from "../model/rules";
import { ConditionEdge } from "../../graph/view/ConditionEdge";
import { FAILED, flowEdges, flowNodes, writtenAt, MANY } from "../../graph/view/flow";
import { BLOCK_TYPE } from "./Palette";
import { FIT } from "../../graph/view/useCamera";
import { StepNode, type StepFlowNode } from "../../graph/view/StepNode";

const TYPES = { step: StepNode };
const WAYS = { condition: ConditionEdge };
const GRID: [number, number] = [10, 10];
const DELETES = ["Delete", "Backspace"];
const ADDS = ["Shift", "Meta", "Control"];
const OVERVIEW = { width: 140, height: 100 };

interface Props {
  readonly document: Document;
  readonly catalog: Catalog;
  readonly problems: readonly Problem[];
  readonly places: Places | null;
  readonly chosen: Selection;
  readonly choose: Dispatch<SetStateAction<Selection>>;
  readonly move: (layout: Places) => void;
  readonly connect: (from: string, to: string, isError: boolean) => void;
  readonly refuse: (reason: string) => void;
  readonly remove: (steps: readonly string[], edges: readonly string[]) => void;
  readonly drop: (key: string, place: Place, edge: string | null) => void;
}

export function Board(props: Props): ReactElement {
  const { document, drop } = props;
  const latest = useRef(props);
  latest.current = props;
  const handlers = useMemo(() => handlersOf(latest), []);
  const flowItems = useFlowItems(props);
  const flow = useReactFlow();
  const isLarge = stepsOf(document).length > MANY;
  const written = useStore(writtenAt);
  const hasSteps = stepsOf(document).length > 0;
  const [hadSteps] = useState(hasSteps);
  const dropHere = (event: DragEvent): void => {
    event.preventDefault();
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const key = event.dataTransfer.getData(BLOCK_TYPE);
    if (key) drop(key, snapped([x - NODE_WIDTH / 2, y - NODE_HEIGHT / 2]), edgeAt(event.clientX, event.clientY));
  };
  return (
    <ReactFlow
      {...flowItems} nodeTypes={TYPES} edgeTypes={WAYS} colorMode="system" fitView={hadSteps} fitViewOptions={FIT} minZoom={0.05}
      snapToGrid snapGrid={GRID} connectionRadius={30}
      {...handlers}
      onlyRenderVisibleElements={isLarge} deleteKeyCode={DELETES} multiSelectionKeyCode={ADDS}
      onDragOver={(event) => { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; }} onDrop={dropHere}
      className={written} aria-label="Canvas of the workflow"
    >
      <Background gap={20} />
      <Controls showInteractive={false} fitViewOptions={FIT} />
      {!isLarge && hasSteps && <MiniMap pannable zoomable style={OVERVIEW} ariaLabel="Overview of the canvas" />}
    </ReactFlow>
  );
}

/** Nodes and edges in React Flow's terms, and what it reports of them: moves while dragging stay here, a choice goes to the author's. */
function useFlowItems({ document, catalog, problems, places, chosen, choose }: Props) {
  const [nodes, setNodes] = useState<StepFlowNode[]>([]);
  const [edges, setEdges] = useState<Edge[]>([]);
  useEffect(() => {
    const marks = marksOf(problems);
    if (places) setNodes((before) => flowNodes(stepViews(document, catalog, marks), places, before, chosen.steps));
    setEdges((before) => flowEdges(edgeViews(document, marks), chosen.edges, before));
  }, [document, catalog, problems, places, chosen]);
  const onNodesChange = useCallback((changes: NodeChange<StepFlowNode>[]) => {
    const selected = selections(changes);
    if (selected.length) choose((before) => ({ ...before, steps: after(before.steps, selected) }));
    setNodes((before) => applyNodeChanges(changes.filter(({ type }) => type !== "select" && type !== "remove"), before));
  }, [choose]);
  const onEdgesChange = useCallback((changes: EdgeChange[]) => {
    const selected = selections(changes);
    if (selected.length) choose((before) => ({ ...before, edges: after(before.edges, selected) }));
    setEdges((before) => applyEdgeChanges(changes.filter(({ type }) => type !== "select" && type !== "remove"), before));
  }, [choose]);
  return { nodes, edges, onNodesChange, onEdgesChange };
}

/** Handlers of gestures. They never change: React Flow passes each new one on to every step and edge. */
function handlersOf(latest: RefObject<Props>) {
  return {
    isValidConnection: ({ source, target, sourceHandle }: Edge | Connection) => refusalOf(latest.current.document, source, target, sourceHandle === FAILED) === null,
    onConnect: ({ source, target, sourceHandle }: Connection) => latest.current.connect(source, target, sourceHandle === FAILED),
    onConnectEnd: (_: unknown, { isValid, fromNode, toNode, fromHandle, toHandle }: FinalConnectionState) => {
      if (isValid !== false || !toNode) return;
      const [from, to] = fromHandle.type === "target" ? [toNode.id, fromNode.id] : [fromNode.id, toNode.id];
      const reason = refusalOf(latest.current.document, from, to, [fromHandle.id, toHandle?.id].includes(FAILED));
      if (reason) latest.current.refuse(reason);
    },
    onNodeDragStop: (_: unknown, __: unknown, moved: readonly StepFlowNode[]) =>
      latest.current.move(new Map(moved.map(({ id, position }) => [id, [position.x, position.y]]))),
    onBeforeDelete: ({ nodes: steps, edges: lines }: { nodes: readonly StepFlowNode[]; edges: readonly Edge[] }) => {
      latest.current.remove(steps.map(({ id }) => id), lines.map(({ id }) => id));
      return Promise.resolve(false);
    },
  };
}

function selections(changes: readonly (NodeChange<StepFlowNode> | EdgeChange)[]): NodeSelectionChange[] {
  return changes.filter((change) => change.type === "select");
}

function after(before: ReadonlySet<string>, changes: readonly NodeSelectionChange[]): ReadonlySet<string> {
  const next = new Set(before);
  for (const { id, selected } of changes) {
    if (selected) next.add(id);
    else next.delete(id);
  }
  return next;
}

function edgeAt(x: number, y: number): string | null {
  const line = globalThis.document.elementsFromPoint(x, y).map((element) => element.closest<SVGElement>(".react-flow__edge")).find(Boolean);
  return line?.dataset.id ?? null;
}
