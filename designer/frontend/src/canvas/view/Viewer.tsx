/** A workflow to look at: pan, zoom, read. */
import { Background, Controls, ReactFlow } from "@xyflow/react";
import { useMemo, type ReactElement } from "react";
import { catalogOf } from "../model/catalog";
import type { Document } from "../model/document";
import { edgeViews, stepViews } from "../model/nodes";
import { flowEdges, flowNodes } from "./flow";
import { StepNode } from "./StepNode";
import { usePlaces } from "./usePlaces";

const TYPES = { step: StepNode };
const NOTHING: ReadonlySet<string> = new Set();
const NO_MARKS = new Map<string, never>();

export function Viewer({ document }: { readonly document: Document }): ReactElement | null {
  const places = usePlaces(document);
  const nodes = useMemo(
    () => places && flowNodes(stepViews(document, catalogOf([]), NO_MARKS), places, [], NOTHING), [document, places],
  );
  const edges = useMemo(() => flowEdges(edgeViews(document, NO_MARKS), NOTHING), [document]);
  if (!nodes) return null;
  return (
    <ReactFlow
      defaultNodes={nodes} defaultEdges={edges} nodeTypes={TYPES} colorMode="system" fitView fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
      minZoom={0.05} nodesDraggable={false} nodesConnectable={false} elementsSelectable={false} edgesFocusable={false}
      zoomOnScroll={false} preventScrolling={false} aria-label="Picture of the workflow"
    >
      <Background gap={20} />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}
