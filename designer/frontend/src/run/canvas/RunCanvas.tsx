/** A run on the canvas: its graph, painted live or at a past moment; nested runs open in place. */
import { Background, Controls, MiniMap, ReactFlow, ReactFlowProvider, type NodeChange } from "@xyflow/react";
import "./run-canvas.css";
import { useCallback, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactElement } from "react";
import { boxesOf, type Box } from "../../graph/model/boxes";
import { catalogOf } from "../../graph/model/catalog";
import { edgesIn, unmarked, viewsIn, type EdgeView, type StepView } from "../../graph/model/nodes";
import { directionsOf, type Directions } from "../../graph/layout/planes";
import { splitId } from "../../graph/model/bodies";
import { textOf } from "../../graph/model/document";
import { wayOf } from "../../graph/model/ways";
import { DirectionControl, useDirection } from "../../graph/view/DirectionControl";
import { FAILED, MANY, sized, wayText } from "../../graph/view/flow";
import { Statuses, StatusesContext, toneOf } from "../../graph/view/statuses";
import { RoutesContext, useRoutes, type Routes } from "../../graph/view/routes";
import { useParts } from "../../graph/view/useParts";
import { rectsOf, useFar, ZOOM_LEAST, type Far } from "../../graph/far/far";
import { FarView } from "../../graph/far/FarView";
import type { Scene } from "../../graph/far/painting";
import { RunEdge, type RunFlowEdge } from "./RunEdge";
import { FrameNode, RunNode, TreeContext, type RunFlowNode } from "./RunNode";
import type { RunTree } from "../live/tree";

const NODE_TYPES = { step: RunNode, frame: FrameNode };
const EDGE_TYPES = { run: RunEdge };
const FIT = { maxZoom: 1, padding: 0.1, includeHiddenNodes: true };
const CATALOG = catalogOf([]);
const MINIMAP_STEPS_MIN = 40;

export function RunCanvas({ tree }: { readonly tree: RunTree }): ReactElement {
  const [statuses] = useState(() => new Statuses());
  useEffect(() => tree.attach(statuses), [tree, statuses]);
  return (
    <StatusesContext value={statuses}>
      <TreeContext value={tree}>
        <Picture tree={tree} />
      </TreeContext>
    </StatusesContext>
  );
}

function Picture({ tree }: { readonly tree: RunTree }): ReactElement | null {
  const sections = useSyncExternalStore(tree.subscribe, tree.getSections);
  const chosen = useSyncExternalStore(tree.subscribe, tree.getChosen);
  const [wanted, turn] = useDirection(textOf(sections[0]?.document.name));
  const parts = useParts(sections, wanted ?? "right", wanted !== null);
  const shown = useMemo(() => sections.map(({ path, shown: document }) => ({ path, document })), [sections]);
  const views = useMemo(() => viewsIn(shown, CATALOG, unmarked), [shown]);
  const boxes = useMemo(() => parts && boxesOf(parts), [parts]);
  const directions = useMemo(() => directionsOf(parts?.values() ?? [], wanted ?? "right"), [parts, wanted]);
  const nodes = useMemo(
    () => (boxes ? nodesOf(boxes, views, directions, chosen, tree) : []), [boxes, views, directions, chosen, tree],
  );
  const lines = useMemo(() => edgesIn(shown, unmarked), [shown]);
  const edges = useMemo(() => edgesOf(lines), [lines]);
  const routes = useRoutes(boxes, lines, directions);
  const pick = useCallback((changes: NodeChange<RunFlowNode>[]) => {
    for (const change of changes) if (change.type === "select" && change.selected) tree.select(change.id);
  }, [tree]);
  const far = useFar(nodes, edges);
  if (!nodes.length) return <p className="canvas-wait muted">The steps are being arranged…</p>;
  return (
    <RoutesContext value={routes}><ReactFlowProvider key={shapeOf(boxes ?? [], directions)}><ReactFlow
      nodes={far.nodes} edges={far.edges} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} onNodesChange={pick} colorMode="system"
      fitView fitViewOptions={FIT} minZoom={far.isLarge ? ZOOM_LEAST : 0.03} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false}
      zoomOnScroll={false} preventScrolling={false} deleteKeyCode={null} onlyRenderVisibleElements={nodes.length > MINIMAP_STEPS_MIN}
      aria-label="The run's steps"
    >
      {far.isLarge && boxes ? <Afar boxes={boxes} lines={lines} routes={routes} tree={tree} far={far} /> : <Background gap={20} />}
      <Controls showInteractive={false} fitViewOptions={FIT}><DirectionControl direction={directions.get("") ?? "right"} turn={turn} /></Controls>
      {nodes.length > MINIMAP_STEPS_MIN && nodes.length <= MANY && <MiniMap pannable zoomable ariaLabel="Overview of the run" />}
    </ReactFlow></ReactFlowProvider></RoutesContext>
  );
}

interface AfarProps {
  readonly boxes: readonly Box[];
  readonly lines: readonly EdgeView[];
  readonly routes: Routes;
  readonly tree: RunTree;
  readonly far: Far;
}

/** The steps of a large run while they are far away; a click chooses the one under it. */
function Afar({ boxes, lines, routes, tree, far }: AfarProps): ReactElement {
  const statuses = useContext(StatusesContext);
  const rects = useMemo(() => rectsOf(boxes), [boxes]);
  const scene = useMemo((): Scene => ({
    toneOf: (id) => toneOf(statuses.get(id)),
    lines: () => lines.map(({ id, source, target, isError }) => ({
      source, target, way: wayOf(statuses.get(source), statuses.get(target), splitId(target)[1], isError), points: routes.get(id)?.points,
    })),
    subscribe: (listener) => {
      const ends = [statuses.subscribeAll(listener), routes.subscribeAll(listener)];
      return () => { for (const end of ends) end(); };
    },
  }), [statuses, lines, routes]);
  const choose = useCallback((id: string) => tree.select(id), [tree]);
  return <FarView {...far} fit={FIT} rects={rects} scene={scene} choose={choose} />;
}

/** A canvas whose frames, number of steps or direction change is created again, so that it fits the view. */
const shapeOf = (boxes: readonly Box[], directions: Directions): string => [directions.get(""), boxes.length, ...boxes.flatMap(({ id, isFrame }) => (isFrame ? [id] : []))].join(" ");

function nodesOf(boxes: readonly Box[], views: ReadonlyMap<string, StepView>, directions: Directions, chosen: string | null, tree: RunTree): RunFlowNode[] {
  return boxes.flatMap(({ id, path, x, y, width, height, isFrame }): RunFlowNode[] => {
    const view = views.get(id);
    if (!view) return [];
    const hasRun = tree.canOpen(id);
    return [{
      id, type: isFrame ? "frame" : "step", position: { x, y }, ...sized(width, height, directions.get(path)), selected: id === chosen,
      data: { ...view, hasRun }, ariaLabel: `Step ${view.title}: ${view.does}`, ...(path && { parentId: path }), ...(isFrame && { zIndex: -1 }),
    }];
  });
}

function edgesOf(lines: readonly EdgeView[]): RunFlowEdge[] {
  return lines.map(({ id, source, target, label, isError }): RunFlowEdge => ({
    id, source, target, type: "run", ...(label && { label }),
    ...(isError && { sourceHandle: FAILED }), data: { isError }, ariaLabel: wayText(source, target, label, isError),
  }));
}
