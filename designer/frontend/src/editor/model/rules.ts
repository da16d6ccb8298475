/** Rules for new edges, checked while the author draws; the server has the last word. Pure. */
import { edgesOf, idsOf, isErrorEdge, stepsOf, textOf, type Document } from "../../graph/model/document";

/** Why an edge may not be drawn, or null. A step may lead to another both when it succeeds and when it fails. */
export function refusalOf(document: Document, from: string, to: string, isError = false): string | null {
  if (from.startsWith("#") || to.startsWith("#")) return "Give the step a name of its own first.";
  if (from === to) return "A step cannot lead to itself.";
  if (targetsOf(document, from, isError).has(to)) return isError ? `A failure of ${from} leads to ${to} already.` : `${from} leads to ${to} already.`;
  return before(document, from).has(to) ? `${to} comes before ${from}: the steps would go round in a circle.` : null;
}

/** All steps that an edge may be drawn to from this one, found in one walk over the edges. */
export function followersOf(document: Document, from: string, isError = false): string[] {
  if (from.startsWith("#")) return [];
  const [taken, earlier] = [targetsOf(document, from, isError), before(document, from)];
  return idsOf(stepsOf(document)).filter((id) => !id.startsWith("#") && id !== from && !taken.has(id) && !earlier.has(id));
}

/** Whether edges lead from the step back to itself. */
export function isInCircle(document: Document, name: string): boolean {
  return before(document, name).has(name);
}

function targetsOf(document: Document, from: string, isError: boolean): ReadonlySet<string> {
  return new Set(edgesOf(document).flatMap((edge) => (textOf(edge.from) === from && isErrorEdge(edge) === isError ? [textOf(edge.to)] : [])));
}

/** The steps from which edges lead, over others or not, to this one. */
function before(document: Document, name: string): ReadonlySet<string> {
  const sources = new Map<string, string[]>();
  for (const edge of edgesOf(document)) {
    const [from, to] = [textOf(edge.from), textOf(edge.to)];
    const known = sources.get(to);
    if (known) known.push(from);
    else sources.set(to, [from]);
  }
  const seen = new Set<string>();
  const todo = [name];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const source of sources.get(next) ?? []) {
      if (seen.has(source)) continue;
      seen.add(source);
      todo.push(source);
    }
  }
  return seen;
}
