/** The graph of a run before steps were added. Pure. */
import { present } from "../../shared/present";
import { edgesOf, stepsOf, textOf, type Document, type Edge } from "../../graph/model/document";

/** The document before `absent` steps were added: edges into them lead on to their successors. */
export function without(document: Document, absent: ReadonlySet<string>): Document {
  if (!absent.size) return document;
  const edges = edgesOf(document);
  const before = new Map(edges.filter(({ to }) => absent.has(textOf(to))).map(({ from, to }) => [textOf(to), textOf(from)]));
  const origin = (name: string): string => (absent.has(name) && before.has(name) ? origin(present(before.get(name))) : name);
  const kept = edges.filter(({ to }) => !absent.has(textOf(to))).map((edge): Edge => ({ ...edge, from: origin(textOf(edge.from)) }));
  return { ...document, steps: stepsOf(document).filter(({ name }) => !absent.has(textOf(name))), edges: kept };
}
