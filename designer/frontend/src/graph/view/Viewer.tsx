/** A read-only picture of a workflow, with statistics of its runs and assumed failures. */
import { Background, Controls, ReactFlow, ReactFlowProvider, useReactFlow, useStore, type FitViewOptions } from "@xyflow/react";
import { useContext, useEffect, useMemo, useState, type ReactElement } from "react";
import { catalogOf } from "../model/catalog";
import { allIds, graphAt, idOf, sectionsOf, wayOf, type Way } from "../model/bodies";
import { boxesOf } from "../model/boxes";
import { textOf, type Document } from "../model/document";
import { edgesIn, unmarked, viewsIn, type EdgeView } from "../model/nodes";
import { WhatIfPanel } from "../whatIf/WhatIfPanel";
import { WhatIfContext, useWhatIf, type WhatIf } from "../whatIf/useWhatIf";
import { Crumbs } from "./Crumbs";
import { BodyActsContext, PathContext } from "./inside";
import { FrameNode } from "./FrameNode";
import { useParts } from "./useParts";
import { useUnfolded } from "./unfolded";
import { directionsOf, type Directions } from "../layout/planes";
import { DirectionControl, useDirection } from "./DirectionControl";
import { RoutedEdge } from "./RoutedEdge";
import { RoutesContext, useRoutes } from "./routes";
import { StatisticsContext, StatisticsSwitch, useStatistics } from "./statistics";
import { flowEdges, flowNodes, writtenAt } from "./flow";
import { StepNode } from "./StepNode";

const FIT: FitViewOptions = { maxZoom: 1, padding: { x: 0.05, top: "52px", bottom: "24px" } };
const TYPES = { step: StepNode, frame: FrameNode };
const WAYS = { routed: RoutedEdge };
const NOTHING: ReadonlySet<string> = new Set();
const CATALOG = catalogOf([]);
const NO_EDGES: readonly EdgeView[] = [];
const NO_DIRECTIONS: Directions = new Map();

interface Props {
  readonly document: Document;
  readonly coverage: string | null;
  /** Where the statistics of its ended runs are. */
  readonly statistics: string | null;
}

export function Viewer({ document, coverage, statistics: address }: Props): ReactElement {
  const [way, goInto] = useState<Way>([]);
  const path = way.join("/");
  const [unfolded, fold] = useUnfolded(textOf(document.name), path);
  const statistics = useStatistics(address);
  const [isCounted, setCounted] = useState(true);
  const whatIf = useWhatIf(coverage ?? "", document);
  const graph = useMemo(() => graphAt(document, way), [document, way]);
  const acts = { open: (id: string) => goInto(wayOf(idOf(path, id))), fold: (id: string) => fold(idOf(path, id)) };
  return <BodyActsContext value={acts}><PathContext value={path}><WhatIfContext value={whatIf.marks}><StatisticsContext value={isCounted ? statistics : null}>
    <div className="viewer-frame">
      <div className="viewer">
        <ReactFlowProvider key={path}><Picture of={textOf(document.name)} document={graph} unfolded={unfolded} whatIf={whatIf} open={acts.open} /></ReactFlowProvider>
        <div className="viewer-actions">
          <StatisticsSwitch statistics={statistics} isShown={isCounted} turn={() => setCounted(!isCounted)} />
          {coverage && !whatIf.isOpen && <button type="button" className="btn btn-sm what-if-open" onClick={whatIf.open}>What if a step fails?</button>}
        </div>
        <WhatIfPanel steps={allIds(document)} whatIf={whatIf} />
      </div>
      <Crumbs title={textOf(document.title) || textOf(document.name)} way={way} leave={(depth) => goInto(way.slice(0, depth))} />
    </div>
  </StatisticsContext></WhatIfContext></PathContext></BodyActsContext>;
}

interface PictureProps {
  readonly of: string;
  readonly document: Document;
  readonly unfolded: ReadonlySet<string>;
  readonly whatIf: WhatIf;
  readonly open: (id: string) => void;
}

/** The drawn graph: its steps and edges, with places and routes. */
function useDrawn({ of, document, unfolded }: PictureProps) {
  const [wanted, turn] = useDirection(of);
  const sections = useMemo(() => sectionsOf(document, unfolded), [document, unfolded]);
  const parts = useParts(sections, wanted ?? "right", wanted !== null);
  const drawn = useMemo(() => {
    if (!parts) return null;
    const [boxes, directions] = [boxesOf(parts), directionsOf(parts.values(), wanted ?? "right")];
    const views = edgesIn([...parts.values()], unmarked);
    return { boxes, directions, views, nodes: flowNodes(viewsIn([...parts.values()], CATALOG, unmarked), boxes, directions, [], NOTHING), edges: flowEdges(views, NOTHING) };
  }, [parts, wanted]);
  const routes = useRoutes(drawn?.boxes ?? null, drawn?.views ?? NO_EDGES, drawn?.directions ?? NO_DIRECTIONS);
  return { drawn, routes, turn, direction: drawn?.directions.get("") ?? "right" };
}

/** One graph. A click on a step assumes its failure; one on a step within a frame opens the graph that it is in. */
function Picture(props: PictureProps): ReactElement | null {
  const { whatIf, open } = props;
  const { fitView } = useReactFlow();
  const path = useContext(PathContext);
  const { drawn, routes, turn, direction } = useDrawn(props);
  const written = useStore(writtenAt);
  useEffect(() => { void fitView(FIT); }, [whatIf.isOpen, drawn, fitView]);
  if (!drawn) return null;
  return (
    <RoutesContext value={routes}><ReactFlow
      nodes={drawn.nodes} edges={drawn.edges} nodeTypes={TYPES} edgeTypes={WAYS} colorMode="system" fitView fitViewOptions={FIT}
      minZoom={0.05} nodesDraggable={false} nodesConnectable={false} elementsSelectable={false} edgesFocusable={false}
      zoomOnScroll={false} preventScrolling={false} className={written} aria-label="Picture of the workflow"
      onNodeClick={(_, { id, parentId }) => { if (whatIf.isOpen) whatIf.ask(idOf(path, id)); else if (parentId) open(parentId); }}
    >
      <Background gap={20} />
      <Controls showInteractive={false}><DirectionControl direction={direction} turn={turn} /></Controls>
    </ReactFlow></RoutesContext>
  );
}
