/** The question to ELK, the layout engine, and its answer as places. Branches keep the order of the document. Pure. */
import type { ElkExtendedEdge, ElkNode, ElkPort, LayoutOptions } from "elkjs/lib/elk-api";
import { edgesOf, idsOf, isErrorEdge, stepsOf, textOf, type Document, type Places } from "../model/document";
import { labelOf, NODE_HEIGHT, NODE_WIDTH, snapped } from "../model/nodes";
import type { Direction } from "./direction";
import { labelRoom } from "./planes";
import { sourcePort, targetPort, type Port } from "./ports";

const OPTIONS: LayoutOptions = {
  "elk.algorithm": "layered",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.layered.spacing.nodeNodeBetweenLayers": "60",
  "elk.layered.spacing.edgeNodeBetweenLayers": "28",
  "elk.spacing.nodeNode": "48",
  "elk.spacing.edgeNode": "26",
  "elk.spacing.edgeEdge": "12",
  "elk.spacing.edgeLabel": "6",
  "elk.edgeLabels.inline": "true",
  "elk.spacing.componentComponent": "72",
};
/** From so many steps on, ELK tries fewer orders, and leaves the channels between layers to the router. */
const MANY = 300;
const QUICK: LayoutOptions = { "elk.layered.thoroughness": "1", "elk.edgeRouting": "POLYLINE" };
/** ELK leaves no room for a label without text. */
const LABEL = "label";
const BOX = { x: 0, y: 0, width: NODE_WIDTH, height: NODE_HEIGHT };

/** Steps are named by numbers: a step may be called as it likes. */
export function questionOf(document: Document, direction: Direction): ElkNode {
  const nodes = new Map(idsOf(stepsOf(document)).map((id, index) => [id, `n${index}`]));
  const labelled = new Set(edgesOf(document).filter((edge) => labelOf(edge)).map(({ from }) => textOf(from)));
  const edges = edgesOf(document).flatMap((edge, index): ElkExtendedEdge[] => {
    const [source, target] = [nodes.get(textOf(edge.from)), nodes.get(textOf(edge.to))];
    if (!source || !target || source === target) return [];
    // ELK gives labels a layer of their own: beside an edge that has one, all others need one, or they end a layer earlier.
    const [width, height] = labelRoom(labelOf(edge)) ?? (labelled.has(textOf(edge.from)) ? [1, 1] : []);
    return [{
      id: `e${index}`, sources: [`${source}${isErrorEdge(edge) ? "f" : "o"}`], targets: [`${target}i`],
      ...(width !== undefined && height !== undefined && { labels: [{ id: `l${index}`, text: LABEL, width, height, layoutOptions: { "elk.edgeLabels.placement": "CENTER" } }] }),
    }];
  });
  return {
    id: "graph", edges, layoutOptions: { ...OPTIONS, ...(nodes.size > MANY && QUICK), "elk.direction": direction === "right" ? "RIGHT" : "DOWN" },
    children: [...nodes.values()].map((id) => ({
      id, width: NODE_WIDTH, height: NODE_HEIGHT, layoutOptions: { "elk.portConstraints": "FIXED_POS" },
      ports: [port(`${id}i`, targetPort(BOX, direction), true), port(`${id}o`, sourcePort(BOX, direction, false)), port(`${id}f`, sourcePort(BOX, direction, true))],
    })),
  };
}

function port(id: string, { at: [x, y], heading: [dx] }: Port, isTarget = false): ElkPort {
  const side = dx ? (isTarget ? "WEST" : "EAST") : isTarget ? "NORTH" : "SOUTH";
  return { id, x: Math.min(Math.max(x, 0), NODE_WIDTH), y: Math.min(Math.max(y, 0), NODE_HEIGHT), width: 0, height: 0, layoutOptions: { "elk.port.side": side } };
}

export function placesFrom(document: Document, { children = [] }: ElkNode): Places {
  return new Map(idsOf(stepsOf(document)).map((id, index) => [id, snapped([children[index]?.x ?? 0, children[index]?.y ?? 0])]));
}
