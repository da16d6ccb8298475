/** The order in which the conditional edges of a step are tried: their order in the document. Pure. */
import { present } from "../../shared/present";
import { edgesOf, textOf, type Document, type Edge } from "./document";

/** Places in the document of the edges from a step. */
export function edgesFrom(document: Document, from: string): number[] {
  return edgesOf(document).flatMap((edge, index) => (textOf(edge.from) === from ? [index] : []));
}

/** The edges with one of them moved before (-1) or after (1) the next one from the same step; null at the end. */
export function movedEdge(document: Document, index: number, by: -1 | 1): { readonly edges: readonly Edge[]; readonly index: number } | null {
  const edges = [...edgesOf(document)];
  const edge = edges[index];
  if (!edge) return null;
  const siblings = edgesFrom(document, textOf(edge.from));
  const target = siblings[siblings.indexOf(index) + by];
  if (target === undefined) return null;
  [edges[index], edges[target]] = [present(edges[target]), edge];
  return { edges, index: target };
}
