/** The canvas that the author edits. It reports what is asked for and never changes the document. */
import {
  applyEdgeChanges, applyNodeChanges, Background, Controls, MiniMap, ReactFlow, useReactFlow,
  useStore, type Connection, type Edge, type EdgeChange, type FinalConnectionState, type NodeChange, type NodeSelectionChange,
} from "@xyflow/react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type Dispatch, type DragEvent, type MouseEvent, type PointerEvent, type ReactElement, type RefObject, type SetStateAction } from "react";
import type { Catalog } from "../../graph/model/catalog";
import { prefixOf, problemsWithin, sectionsOf, splitId, wayOf } from "../../graph/model/bodies";
import { boxesOf, placeBehind, type Box } from "../../graph/model/boxes";
import { stepsOf, type Document, type Place, type Places } from "../../graph/model/document";
import type { Direction } from "../../graph/layout/direction";
import { directionsOf, type Directions } from "../../graph/layout/planes";
import { edgesIn, NODE_HEIGHT, NODE_WIDTH, snapped, viewsIn, type EdgeView } from "../../graph/model/nodes";
import { marksOf, type Problem } from "../../graph/model/problems";
import type { Selection } from "../draft/selection";
import { refusalOf } from "../model/rules";
import { FAILED, flowEdges, flowNodes, writtenAt, MANY } from "../../graph/view/flow";
import { BLOCK_TYPE } from "./blockType";
import { FIT } from "../../graph/view/useCamera";
import { FrameNode } from "../../graph/view/FrameNode";
import { useParts } from "../../graph/view/useParts";
import { RoutedEdge } from "../../graph/view/RoutedEdge";
import { RoutesContext, useRoutes, type Routes } from "../../graph/view/routes";
import { aimedBy, lit } from "./aim";
import { dropEdge, hitEdge, withEdge } from "./hits";
import { rectsOf, stepUnder, useFar, ZOOM_LEAST } from "../../graph/far/far";
import { StepNode, type StepFlowNode } from "../../graph/view/StepNode";

const FarBoard = lazy(() => import("./FarBoard"));
const TYPES = { step: StepNode, frame: FrameNode };
const NO_PLACES: Places = new Map();
const WAYS = { routed: RoutedEdge };
const NO_DIRECTIONS: Directions = new Map();
const NO_EDGES: readonly EdgeView[] = [];
/** A press that goes on for so many pixels is no click. */
const CLICK_PX = 4;
const GRID: [number, number] = [10, 10];
const DELETES = ["Delete", "Backspace"];
const ADDS = ["Shift", "Meta", "Control"];
const OVERVIEW = { width: 140, height: 100 };

interface Props {
  readonly document: Document;
  readonly catalog: Catalog;
  readonly problems: readonly Problem[];
  readonly places: Places | null;
  /** The steps whose bodies are drawn in place. */
  readonly unfolded: ReadonlySet<string>;
  readonly direction: Direction;
  /** Opens the body of a step, with one of its steps chosen. */
  readonly enter: (step: string, inner?: string) => void;
  readonly chosen: Selection;
  readonly choose: Dispatch<SetStateAction<Selection>>;
  readonly move: (layout: Places) => void;
  readonly connect: (from: string, to: string, isError: boolean) => void;
  readonly refuse: (reason: string) => void;
  readonly remove: (steps: readonly string[], edges: readonly string[]) => void;
  readonly drop: (key: string, place: Place, edge: string | null) => void;
  readonly putOn: (edge: string, step: string, place: Place) => void;
}

export function Board(props: Props): ReactElement {
  const { document } = props;
  const drawn = useGeometry(props);
  const boxes = drawn?.boxes ?? null;
  const latest = useRef({ ...props, boxes });
  latest.current = { ...props, boxes };
  const { lines, ...flowItems } = useFlowItems(props, drawn);
  const routes = useRoutes(boxes, lines, drawn?.directions ?? NO_DIRECTIONS);
  const [aimed, aim] = useState<string | null>(null);
  const handlers = useMemo(() => handlersOf(latest, routes, aim), [routes]);
  const isLarge = stepsOf(document).length > MANY;
  const written = useStore(writtenAt);
  const hasSteps = stepsOf(document).length > 0;
  const [hadSteps] = useState(hasSteps);
  const far = useFar(flowItems.nodes, flowItems.edges);
  const clicks = useClicks(latest, routes, far.isAfar);
  const drops = useDrops(latest, routes, aim);
  return (
    <RoutesContext value={routes}><ReactFlow
      {...flowItems} nodes={far.nodes} edges={lit(far.edges, aimed)} nodeTypes={TYPES} edgeTypes={WAYS} colorMode="system" fitView={hadSteps} fitViewOptions={FIT} minZoom={far.isLarge ? ZOOM_LEAST : 0.05}
      snapToGrid snapGrid={GRID} connectionRadius={30}
      {...handlers} {...clicks}
      onlyRenderVisibleElements={isLarge} deleteKeyCode={DELETES} multiSelectionKeyCode={ADDS}
      {...drops}
      className={written} aria-label="Canvas of the workflow"
    >
      {far.isLarge && boxes ? <Suspense fallback={null}><FarBoard far={far} boxes={boxes} nodes={flowItems.nodes} edges={flowItems.edges} routes={routes} choose={props.choose} enter={props.enter} /></Suspense> : <Background gap={20} />}
      <Controls showInteractive={false} fitViewOptions={FIT} />
      {!isLarge && hasSteps && <MiniMap pannable zoomable style={OVERVIEW} ariaLabel="Overview of the canvas" />}
    </ReactFlow></RoutesContext>
  );
}

type Latest = Props & { readonly boxes: readonly Box[] | null };

interface Geometry {
  readonly boxes: readonly Box[];
  readonly directions: Directions;
}

/** Where all steps are drawn, with room for the bodies that are unfolded, and where their graphs lead; null until their places are known. */
function useGeometry({ document, places, unfolded, direction }: Props): Geometry | null {
  const inner = useMemo(() => sectionsOf(document, unfolded).slice(1), [document, unfolded]);
  const parts = useParts(inner, direction, false);
  return useMemo(() => {
    if (!places || !parts) return null;
    const all = new Map([["", { path: "", document, places }], ...parts]);
    return { boxes: boxesOf(all), directions: new Map([...directionsOf(all.values(), direction), ["", direction]]) };
  }, [document, places, parts, direction]);
}

/** Clicks choose the edge whose line is nearest. A press with Shift begins a box, and must not extend the page's selected text to it. */
function useClicks(latest: RefObject<Latest>, routes: Routes, isAfar: boolean) {
  const flow = useReactFlow();
  const pressed = useRef<readonly [number, number]>([0, 0]);
  return useMemo(() => ({
    onPointerDownCapture: ({ clientX, clientY }: PointerEvent) => { pressed.current = [clientX, clientY]; },
    onMouseDownCapture: (event: MouseEvent) => {
      if (!event.shiftKey || !isOnGround(event.target)) return;
      event.preventDefault();
      getSelection()?.removeAllRanges();
    },
    onClickCapture: (event: MouseEvent) => {
      const { clientX, clientY, target } = event;
      const isDrag = Math.hypot(clientX - pressed.current[0], clientY - pressed.current[1]) > CLICK_PX;
      if (isDrag || !isOnGround(target)) return;
      const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY }, { snapToGrid: false });
      if (isAfar && stepUnder(rectsOf(latest.current.boxes ?? []), [x, y]) !== undefined) return; // the far view takes it
      const edge = hitEdge(routes.all(), [x, y], flow.getZoom(), latest.current.chosen.edges);
      if (edge === null) return;
      event.stopPropagation();
      latest.current.choose((before) => withEdge(before, edge, event.shiftKey || event.ctrlKey || event.metaKey));
    },
  }), [flow, routes, latest, isAfar]);
}

/** Blocks that are dragged here; the edge that one would be put on stands out. */
function useDrops(latest: RefObject<Latest>, routes: Routes, aim: (edge: string | null) => void) {
  const flow = useReactFlow();
  return useMemo(() => {
    const placeOf = ({ clientX, clientY }: DragEvent): Place => {
      const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY });
      return [x, y];
    };
    const edgeAt = (event: DragEvent): string | null => labelAt(event.clientX, event.clientY) ?? dropEdge(routes.all(), placeOf(event));
    return {
      onDragOver: (event: DragEvent) => {
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        aim(edgeAt(event));
      },
      onDragLeave: () => aim(null),
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        aim(null);
        const [[x, y], key] = [placeOf(event), event.dataTransfer.getData(BLOCK_TYPE)];
        if (key) latest.current.drop(key, behindFrames(latest.current, null, snapped([x - NODE_WIDTH / 2, y - NODE_HEIGHT / 2])), edgeAt(event));
      },
    };
  }, [flow, routes, latest, aim]);
}

/** Whether an event happens on the ground or on the line of an edge, not on a step or a label. */
function isOnGround(target: EventTarget): boolean {
  return target instanceof Element && target.closest(".react-flow__edge, .react-flow__pane") !== null && !target.closest(".react-flow__node, .edge-condition, .react-flow__panel");
}

/** The place in the document of a step that is shown at a place. */
function behindFrames({ boxes, places }: Latest, step: string | null, place: Place): Place {
  return placeBehind(boxes ?? [], places ?? NO_PLACES, step, place);
}

/** Nodes and edges in React Flow's terms, and what it reports of them: moves while dragging stay here, a choice goes to the author's. */
function useFlowItems({ document, catalog, problems, unfolded, chosen, choose }: Props, drawn: Geometry | null) {
  const [nodes, setNodes] = useState<StepFlowNode[]>([]);
  const [edges, setEdges] = useState<Edge[]>([]);
  const [lines, setLines] = useState(NO_EDGES);
  useEffect(() => {
    const marksAt = (path: string) => marksOf(problemsWithin(problems, prefixOf(document, wayOf(path))));
    const sections = sectionsOf(document, unfolded);
    const views = edgesIn(sections, marksAt);
    if (drawn) setNodes((before) => flowNodes(viewsIn(sections, catalog, marksAt), drawn.boxes, drawn.directions, before, chosen.steps));
    setEdges((before) => flowEdges(views, chosen.edges, before));
    setLines(views);
  }, [document, catalog, problems, unfolded, drawn, chosen]);
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
  return { nodes, edges, lines, onNodesChange, onEdgesChange };
}

/** Handlers of gestures. They never change: React Flow passes each new one on to every step and edge. */
function handlersOf(latest: RefObject<Latest>, routes: Routes, aim: (edge: string | null) => void) {
  return {
    isValidConnection: ({ source, target, sourceHandle }: Edge | Connection) => refusalOf(latest.current.document, source, target, sourceHandle === FAILED) === null,
    onConnect: ({ source, target, sourceHandle }: Connection) => latest.current.connect(source, target, sourceHandle === FAILED),
    onConnectEnd: (_: unknown, { isValid, fromNode, toNode, fromHandle, toHandle }: FinalConnectionState) => {
      if (isValid !== false || !toNode) return;
      const [from, to] = fromHandle.type === "target" ? [toNode.id, fromNode.id] : [fromNode.id, toNode.id];
      const reason = refusalOf(latest.current.document, from, to, [fromHandle.id, toHandle?.id].includes(FAILED));
      if (reason) latest.current.refuse(reason);
    },
    onNodeDrag: (_: unknown, __: unknown, moved: readonly StepFlowNode[]) => aim(aimedBy(latest.current.document, routes.all(), moved)),
    onNodeDragStop: (_: unknown, { id, position: { x, y } }: StepFlowNode, moved: readonly StepFlowNode[]) => {
      const edge = aimedBy(latest.current.document, routes.all(), moved);
      aim(null);
      if (edge) latest.current.putOn(edge, id, behindFrames(latest.current, id, [x, y]));
      else latest.current.move(new Map(moved.map(({ id: step, position }) => [step, behindFrames(latest.current, step, [position.x, position.y])])));
    },
    onNodeClick: (_: unknown, { id, parentId }: StepFlowNode) => { if (parentId) latest.current.enter(parentId, splitId(id)[1]); },
    onNodeDoubleClick: (_: unknown, { id, data, parentId }: StepFlowNode) => { if (!parentId && data.inner !== null) latest.current.enter(id); },
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

function labelAt(x: number, y: number): string | null {
  const label = globalThis.document.elementsFromPoint(x, y).map((element) => element.closest<HTMLElement>(".edge-condition[data-selectable]")).find(Boolean);
  return label?.dataset.edge ?? null;
}
