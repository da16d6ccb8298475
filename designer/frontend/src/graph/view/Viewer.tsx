/** A read-only picture of a workflow, with statistics of its runs and assumed failures. */
import { Background, Controls, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useMemo, useState, type ReactElement } from "react";
import { catalogOf } from "../model/catalog";
import { graphAt, type Way } from "../model/bodies";
import { idsOf, stepsOf, textOf, type Document } from "../model/document";
import { edgeViews, stepViews } from "../model/nodes";
import { WhatIfPanel } from "../whatIf/WhatIfPanel";
import { WhatIfContext, useWhatIf } from "../whatIf/useWhatIf";
import { Crumbs, OpenBodyContext } from "./Crumbs";
import { ConditionEdge } from "./ConditionEdge";
import { StatisticsContext, StatisticsSwitch, useStatistics } from "./statistics";
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
  /** Where the statistics of its ended runs are. */
  readonly statistics: string | null;
}

export function Viewer(props: Props): ReactElement | null {
  const { document } = props;
  const [way, goInto] = useState<Way>([]);
  const graph = useMemo(() => graphAt(document, way), [document, way]);
  const inside = way.length > 0 && { coverage: null, statistics: null };
  return <OpenBodyContext value={(step) => goInto([...way, step])}><div className="viewer-frame">
    <ReactFlowProvider key={way.join("/")}><Picture {...props} {...inside} document={graph} /></ReactFlowProvider>
    <Crumbs title={textOf(document.title) || textOf(document.name)} way={way} leave={(depth) => goInto(way.slice(0, depth))} />
  </div></OpenBodyContext>;
}

function Picture({ document, coverage, statistics: address }: Props): ReactElement | null {
  const statistics = useStatistics(address);
  const [isCounted, setCounted] = useState(true);
  const { fitView } = useReactFlow();
  const whatIf = useWhatIf(coverage ?? "", document);
  const places = usePlaces(document);
  const written = useStore(writtenAt);
  const nodes = useMemo(
    () => places && flowNodes(stepViews(document, catalogOf([]), NO_MARKS), places, [], NOTHING), [document, places],
  );
  const edges = useMemo(() => flowEdges(edgeViews(document, NO_MARKS), NOTHING), [document]);
  useEffect(() => { void fitView(FIT); }, [whatIf.isOpen, fitView]);
  if (!nodes) return null;
  return <WhatIfContext value={whatIf.marks}><StatisticsContext value={isCounted ? statistics : null}><div className="viewer">
    <ReactFlow
      defaultNodes={nodes} defaultEdges={edges} nodeTypes={TYPES} edgeTypes={WAYS} colorMode="system" fitView fitViewOptions={FIT}
      minZoom={0.05} nodesDraggable={false} nodesConnectable={false} elementsSelectable={false} edgesFocusable={false}
      zoomOnScroll={false} preventScrolling={false} className={written} aria-label="Picture of the workflow"
      onNodeClick={(_, { id }) => { if (whatIf.isOpen) whatIf.ask(id); }}
    >
      <Background gap={20} />
      <Controls showInteractive={false} />
    </ReactFlow>
    <div className="viewer-actions">
      <StatisticsSwitch statistics={statistics} isShown={isCounted} turn={() => setCounted(!isCounted)} />
      {coverage && !whatIf.isOpen && <button type="button" className="btn btn-sm what-if-open" onClick={whatIf.open}>What if a step fails?</button>}
    </div>
    <WhatIfPanel steps={idsOf(stepsOf(document))} whatIf={whatIf} />
  </div></StatisticsContext></WhatIfContext>;
}
