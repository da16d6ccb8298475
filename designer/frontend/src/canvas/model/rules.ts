/** May these two be connected? Cheap rules for the hand at the mouse; the server is the authority. Pure. */
import { edgesOf, textOf, type Document } from "./document";

/** Why an edge may not be drawn, or null. */
export function refusalOf(document: Document, from: string, to: string): string | null {
  if (from.startsWith("#") || to.startsWith("#")) return "Give the step a name of its own first.";
  if (from === to) return "A step cannot lead to itself.";
  const edges = edgesOf(document).map((edge) => [textOf(edge.from), textOf(edge.to)] as const);
  if (edges.some(([source, target]) => source === from && target === to)) return `${from} leads to ${to} already.`;
  return reaches(edges, to, from) ? `${to} comes before ${from}: the steps would go round in a circle.` : null;
}

function reaches(edges: readonly (readonly [string, string])[], from: string, to: string): boolean {
  const next = new Map<string, string[]>();
  for (const [source, target] of edges) next.set(source, [...(next.get(source) ?? []), target]);
  const seen = new Set([from]);
  const todo = [from];
  while (todo.length) {
    const name = todo.pop()!;
    if (name === to) return true;
    for (const target of next.get(name) ?? []) {
      if (!seen.has(target)) {
        seen.add(target);
        todo.push(target);
      }
    }
  }
  return false;
}
