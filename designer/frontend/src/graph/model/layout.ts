/** Places for steps, from left to right, by dagre. Pure; loaded when something has no place. */
import { graphlib, layout } from "@dagrejs/dagre";
import { edgesOf, idsOf, stepsOf, textOf, type Document, type Edge, type Places } from "./document";
import { labelOf, NODE_HEIGHT, NODE_WIDTH, snapped } from "./nodes";

const BESIDE = 40;
const BETWEEN = 64;
const LETTER = 7;

export function autoLayout(document: Document): Places {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: BESIDE, ranksep: BETWEEN });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = idsOf(stepsOf(document));
  // dagre keeps its nodes in plain objects, so they are named by numbers: a step may be called `constructor`.
  const nodes = new Map(ids.map((id, index) => [id, String(index)]));
  for (const node of nodes.values()) graph.setNode(node, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of edgesOf(document)) {
    const [source, target] = [nodes.get(textOf(edge.from)), nodes.get(textOf(edge.to))];
    if (source && target && source !== target) graph.setEdge(source, target, room(edge));
  }
  layout(graph);
  return new Map([...nodes].map(([id, node]) => {
    const { x, y } = graph.node(node) as { x: number; y: number };
    return [id, snapped([x - NODE_WIDTH / 2, y - NODE_HEIGHT / 2])];
  }));
}

/** Room for an edge's condition, as far as it is shown. */
function room(edge: Edge): { width: number; height: number } {
  const label = labelOf(edge);
  return label ? { width: (label.length + 2) * LETTER, height: 24 } : { width: 0, height: 0 };
}
