/** A run on the canvas: its graph, painted live or at a past moment; nested runs open in place. */
import { present } from "../../shared/present";
import { Background, Controls, MiniMap, ReactFlow, ReactFlowProvider, type NodeChange } from "@xyflow/react";
import "./run-canvas.css";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactElement } from "react";
import { arranged } from "../../graph/model/arrange";
import { catalogOf } from "../../graph/model/catalog";
import { layoutOf, type Document, type Places } from "../../graph/model/document";
import { edgeViews, inRows, stepViews, unplaced, type StepView } from "../../graph/model/nodes";
import { FAILED, MANY, SIZED, wayText } from "../../graph/view/flow";
import { Statuses, StatusesContext } from "../../graph/view/statuses";
import { idOf } from "../model/nesting";
import { boxesOf, type Box, type Part } from "./boxes";
import { RunEdge, type RunFlowEdge } from "./RunEdge";
import { FrameNode, RunNode, TreeContext, type RunFlowNode } from "./RunNode";
import type { RunTree, Section } from "../live/tree";

const NODE_TYPES = { step: RunNode, frame: FrameNode };
const EDGE_TYPES = { run: RunEdge };
const FIT = { maxZoom: 1, padding: 0.1 };
const CATALOG = catalogOf([]);
const NO_MARKS = new Map<string, never>();
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
  const parts = useParts(sections);
  const views = useMemo(() => viewsOf(sections), [sections]);
  const boxes = useMemo(() => parts && boxesOf(parts), [parts]);
  const nodes = useMemo(
    () => (boxes ? nodesOf(boxes, views, chosen, tree) : []), [boxes, views, chosen, tree],
  );
  const edges = useMemo(() => edgesOf(sections), [sections]);
  const pick = useCallback((changes: NodeChange<RunFlowNode>[]) => {
    for (const change of changes) if (change.type === "select" && change.selected) tree.select(change.id);
  }, [tree]);
  if (!nodes.length) return <p className="canvas-wait muted">The steps are being arranged…</p>;
  return (
    <ReactFlowProvider key={shapeOf(boxes ?? [])}><ReactFlow
      nodes={nodes} edges={edges} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} onNodesChange={pick} colorMode="system"
      fitView fitViewOptions={FIT} minZoom={0.03} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false}
      zoomOnScroll={false} preventScrolling={false} deleteKeyCode={null} onlyRenderVisibleElements={nodes.length > MINIMAP_STEPS_MIN}
      aria-label="The run's steps"
    >
      <Background gap={20} />
      <Controls showInteractive={false} fitViewOptions={FIT} />
      {nodes.length > MINIMAP_STEPS_MIN && nodes.length <= MANY && <MiniMap pannable zoomable ariaLabel="Overview of the run" />}
    </ReactFlow></ReactFlowProvider>
  );
}

/** The sections with their places; until these are known, the former sections. */
function useParts(sections: readonly Section[]): ReadonlyMap<string, Part> | null {
  const [known, setKnown] = useState<ReadonlyMap<Document, Places>>(new Map());
  const documents = useMemo(() => sections.map(({ document }) => document), [sections]);
  useEffect(() => {
    let isCurrent = true;
    for (const document of documents) {
      if (known.has(document)) continue;
      void placesOf(document).then((places) => {
        if (isCurrent) setKnown((before) => new Map(before).set(document, places));
      });
    }
    return () => { isCurrent = false; };
  }, [documents, known]);
  const latest = useRef<ReadonlyMap<string, Part> | null>(null);
  return useMemo(() => {
    if (documents.every((document) => known.has(document))) {
      latest.current = new Map(sections.map(({ path, document }) => [path, { path, document, places: present(known.get(document)) }]));
    }
    return latest.current;
  }, [sections, documents, known]);
}

/** A canvas whose frames or number of steps change is created again, so that it fits the view. */
const shapeOf = (boxes: readonly Box[]): string => [boxes.length, ...boxes.flatMap(({ id, isFrame }) => (isFrame ? [id] : []))].join(" ");

function placesOf(document: Document): Promise<Places> {
  if (!unplaced(document).length) return Promise.resolve(layoutOf(document));
  return arranged(document).catch(() => inRows(document));
}

function viewsOf(sections: readonly Section[]): ReadonlyMap<string, StepView> {
  return new Map(sections.flatMap(({ path, shown }) => [...stepViews(shown, CATALOG, NO_MARKS)].map(([name, view]) => [idOf(path, name), view] as const)));
}

function nodesOf(boxes: readonly Box[], views: ReadonlyMap<string, StepView>, chosen: string | null, tree: RunTree): RunFlowNode[] {
  return boxes.flatMap(({ id, path, x, y, width, height, isFrame }): RunFlowNode[] => {
    const view = views.get(id);
    if (!view) return [];
    const hasRun = tree.childOf(id) !== undefined;
    return [{
      id, type: isFrame ? "frame" : "step", position: { x, y }, width, height, ...(!isFrame && SIZED), selected: id === chosen,
      data: { ...view, hasRun }, ariaLabel: `Step ${view.title}: ${view.does}`, ...(path && { parentId: path }), ...(isFrame && { zIndex: -1 }),
    }];
  });
}

function edgesOf(sections: readonly Section[]): RunFlowEdge[] {
  return sections.flatMap(({ path, shown }) => edgeViews(shown, NO_MARKS).map(({ id, source, target, label, isError }): RunFlowEdge => ({
    id: `${path}|${id}`, source: idOf(path, source), target: idOf(path, target), type: "run", ...(label && { label }),
    ...(isError && { sourceHandle: FAILED }), data: { isError }, ariaLabel: wayText(source, target, label, isError),
  })));
}
