/** The order in which the conditional edges of a step are tried: their order in the document. Pure. */
import { present } from "../../shared/present";
import { edgesOf, isErrorEdge, type Document, type Edge } from "./document";

/** Places in the document of the edges that are tried beside one: those from its step, for failures or not. */
export function siblingsOf(document: Document, edge: Edge): number[] {
  return edgesOf(document).flatMap((other, index) => (other.from === edge.from && isErrorEdge(other) === isErrorEdge(edge) ? [index] : []));
}

/** The edges with one of them moved before (-1) or after (1) the next one from the same step; null at the end. */
export function movedEdge(document: Document, index: number, by: -1 | 1): { readonly edges: readonly Edge[]; readonly index: number } | null {
  const edges = [...edgesOf(document)];
  const edge = edges[index];
  if (!edge) return null;
  const siblings = siblingsOf(document, edge);
  const target = siblings[siblings.indexOf(index) + by];
  if (target === undefined) return null;
  [edges[index], edges[target]] = [present(edges[target]), edge];
  return { edges, index: target };
}
