/** The canvas under the author's hands. It tells what was asked for; it never changes the document. */
import {
  applyEdgeChanges, applyNodeChanges, Background, Controls, MiniMap, ReactFlow, useReactFlow,
  useStore, type Connection, type Edge, type EdgeChange, type FinalConnectionState, type NodeChange, type NodeSelectionChange,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type Dispatch, type DragEvent, type ReactElement, type RefObject, type SetStateAction } from "react";
import type { Catalog } from "../../graph/model/catalog";
import { stepsOf, type Document, type Place } from "../../graph/model/document";
import { edgeViews, NODE_HEIGHT, NODE_WIDTH, snapped, stepViews } from "../../graph/model/nodes";
import { marksOf, type Problem } from "../../graph/model/problems";
import { refusalOf } from "../model/rules";
import { ConditionEdge } from "../../graph/view/ConditionEdge";
import { flowEdges, flowNodes, writtenAt, MANY } from "../../graph/view/flow";
import { BLOCK_TYPE } from "./Palette";
import { FIT } from "../../graph/view/useCamera";
import { StepNode, type StepFlowNode } from "../../graph/view/StepNode";

const TYPES = { step: StepNode };
const WAYS = { condition: ConditionEdge };
const GRID: [number, number] = [10, 10];
const DELETES = ["Delete", "Backspace"];
const ADDS = ["Shift", "Meta", "Control"];
const OVERVIEW = { width: 140, height: 100 };

export interface Chosen {
  readonly steps: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}
interface Props {
  readonly document: Document;
  readonly catalog: Catalog;
  readonly problems: readonly Problem[];
  readonly places: Readonly<Record<string, Place>> | null;
  readonly chosen: Chosen;
  readonly choose: Dispatch<SetStateAction<Chosen>>;
  readonly move: (layout: Record<string, Place>) => void;
  readonly connect: (from: string, to: string) => void;
  readonly refuse: (reason: string) => void;
  readonly remove: (steps: readonly string[], edges: readonly string[]) => void;
  readonly drop: (key: string, place: Place, edge: string | null) => void;
}

export function Board(props: Props): ReactElement {
  const { document, catalog, problems, places, chosen, choose, drop } = props;
  const latest = useRef(props);
  latest.current = props;
  const hands = useMemo(() => handsOf(latest), []);
  const [nodes, setNodes] = useState<StepFlowNode[]>([]);
  const [edges, setEdges] = useState<Edge[]>([]);
  const flow = useReactFlow();
  const isLarge = stepsOf(document).length > MANY;
  const written = useStore(writtenAt);
  const hasSteps = stepsOf(document).length > 0;
  const [hadSteps] = useState(hasSteps);
  useEffect(() => {
    const marks = marksOf(problems);
    if (places) setNodes((before) => flowNodes(stepViews(document, catalog, marks), places, before, chosen.steps));
    setEdges((before) => flowEdges(edgeViews(document, marks), chosen.edges, before));
  }, [document, catalog, problems, places, chosen]);
  const changeNodes = useCallback((changes: NodeChange<StepFlowNode>[]) => {
    const chosen = selections(changes);
    if (chosen.length) choose((before) => ({ ...before, steps: after(before.steps, chosen) }));
    setNodes((before) => applyNodeChanges(changes.filter(({ type }) => type !== "select" && type !== "remove"), before));
  }, [choose]);
  const changeEdges = useCallback((changes: EdgeChange[]) => {
    const chosen = selections(changes);
    if (chosen.length) choose((before) => ({ ...before, edges: after(before.edges, chosen) }));
    setEdges((before) => applyEdgeChanges(changes.filter(({ type }) => type !== "select" && type !== "remove"), before));
  }, [choose]);
  const dropHere = (event: DragEvent): void => {
    event.preventDefault();
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const key = event.dataTransfer.getData(BLOCK_TYPE);
    if (key) drop(key, snapped([x - NODE_WIDTH / 2, y - NODE_HEIGHT / 2]), edgeAt(event.clientX, event.clientY));
  };
  return (
    <ReactFlow
      nodes={nodes} edges={edges} nodeTypes={TYPES} edgeTypes={WAYS} colorMode="system" fitView={hadSteps} fitViewOptions={FIT} minZoom={0.05}
      snapToGrid snapGrid={GRID} onNodesChange={changeNodes} onEdgesChange={changeEdges} connectionRadius={30}
      {...hands}
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

/** What hands do on the canvas, by functions that never change: each new one would be told to every step and edge. */
function handsOf(latest: RefObject<Props>) {
  return {
    isValidConnection: ({ source, target }: Edge | Connection) => refusalOf(latest.current.document, source, target) === null,
    onConnect: ({ source, target }: Connection) => latest.current.connect(source, target),
    onConnectEnd: (_: unknown, { isValid, fromNode, toNode, fromHandle }: FinalConnectionState) => {
      if (isValid !== false || !fromNode || !toNode) return;
      const [from, to] = fromHandle?.type === "target" ? [toNode.id, fromNode.id] : [fromNode.id, toNode.id];
      const reason = refusalOf(latest.current.document, from, to);
      if (reason) latest.current.refuse(reason);
    },
    onNodeDragStop: (_: unknown, __: unknown, moved: readonly StepFlowNode[]) =>
      latest.current.move(Object.fromEntries(moved.map(({ id, position }) => [id, [position.x, position.y]]))),
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
