/** A workflow to look at: pan, zoom, read. */
import { Background, Controls, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useMemo, useState, type ReactElement } from "react";
import { catalogOf } from "../model/catalog";
import { idsOf, stepsOf, type Document } from "../model/document";
import { edgeViews, stepViews } from "../model/nodes";
import { ForesightPanel } from "../foresight/ForesightPanel";
import { ForesightContext, useForesight } from "../foresight/useForesight";
import { ConditionEdge } from "./ConditionEdge";
import { FiguresContext, FiguresSwitch, useFigures } from "./figures";
import { flowEdges, flowNodes, writtenAt } from "./flow";
import { StepNode } from "./StepNode";
import { usePlaces } from "./usePlaces";

const FIT = { maxZoom: 1, padding: 0.08 };
const TYPES = { step: StepNode };
const WAYS = { condition: ConditionEdge };
const NOTHING: ReadonlySet<string> = new Set();
const NO_MARKS = new Map<string, never>();

interface Props {
  readonly document: Document;
  readonly coverage: string | null;
  /** Where the figures of its ended runs are. */
  readonly figures: string | null;
}

export function Viewer(props: Props): ReactElement | null {
  return <ReactFlowProvider><Picture {...props} /></ReactFlowProvider>;
}

function Picture({ document, coverage, figures: address }: Props): ReactElement | null {
  const figures = useFigures(address);
  const [isCounted, setCounted] = useState(true);
  const { fitView } = useReactFlow();
  const foresight = useForesight(coverage ?? "", document);
  const places = usePlaces(document);
  const written = useStore(writtenAt);
  const nodes = useMemo(
    () => places && flowNodes(stepViews(document, catalogOf([]), NO_MARKS), places, [], NOTHING), [document, places],
  );
  const edges = useMemo(() => flowEdges(edgeViews(document, NO_MARKS), NOTHING), [document]);
  useEffect(() => { void fitView(FIT); }, [foresight.isOpen, fitView]);
  if (!nodes) return null;
  return <ForesightContext value={foresight.marks}><FiguresContext value={isCounted ? figures : null}><div className="viewer">
    <ReactFlow
      defaultNodes={nodes} defaultEdges={edges} nodeTypes={TYPES} edgeTypes={WAYS} colorMode="system" fitView fitViewOptions={FIT}
      minZoom={0.05} nodesDraggable={false} nodesConnectable={false} elementsSelectable={false} edgesFocusable={false}
      zoomOnScroll={false} preventScrolling={false} className={written} aria-label="Picture of the workflow"
      onNodeClick={(_, { id }) => { if (foresight.isOpen) foresight.ask(id); }}
    >
      <Background gap={20} />
      <Controls showInteractive={false} />
    </ReactFlow>
    <div className="viewer-acts">
      <FiguresSwitch figures={figures} isShown={isCounted} turn={() => setCounted(!isCounted)} />
      {coverage && !foresight.isOpen && <button type="button" className="btn btn-sm foresight-open" onClick={foresight.open}>What if a step fails?</button>}
    </div>
    <ForesightPanel steps={idsOf(stepsOf(document))} foresight={foresight} />
  </div></FiguresContext></ForesightContext>;
}
