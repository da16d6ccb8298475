/** Graphs inside steps: the way to one, and changes within it. Pure. */
import { idsOf, isObject, stepsOf, type Document, type Step } from "./document";
import { spotOf, type Problem } from "./problems";

/** The steps whose bodies lead to a graph, the outermost first; empty for the workflow itself. */
export type Way = readonly string[];

/** As much of the way as the document has. */
export function standingWay(document: Document, way: Way): Way {
  const [first, ...rest] = way;
  const body = first === undefined ? null : bodyOf(document, first);
  return first !== undefined && body ? [first, ...standingWay(body, rest)] : [];
}

/** The graph at the end of a standing way. */
export function graphAt(document: Document, way: Way): Document {
  return way.reduce((graph, name) => bodyOf(graph, name) ?? {}, document);
}

/** The document with the graph at the end of the way changed. */
export function changedWithin(document: Document, way: Way, change: (graph: Document) => Document): Document {
  const [first, ...rest] = way;
  if (first === undefined) return change(document);
  const [place, body] = [idsOf(stepsOf(document)).indexOf(first), bodyOf(document, first)];
  if (!body) return document;
  const changed = changedWithin(body, rest, change);
  return changed === body ? document : { ...document, steps: stepsOf(document).map((step, index) => (index === place ? { ...step, body: changed } : step)) };
}

/** What paths of problems within the graph begin with: `steps[2].body.` */
export function prefixOf(document: Document, way: Way): string {
  const [first, ...rest] = way;
  if (first === undefined) return "";
  return `steps[${idsOf(stepsOf(document)).indexOf(first)}].body.${prefixOf(bodyOf(document, first) ?? {}, rest)}`;
}

/** The problems within the graph, with paths that begin in it. */
export function problemsWithin(problems: readonly Problem[], prefix: string): readonly Problem[] {
  if (!prefix) return problems;
  return problems.flatMap((problem) => (problem.path.startsWith(prefix) ? [{ ...problem, path: problem.path.slice(prefix.length) }] : []));
}

/** The way to the innermost graph that a problem lies in, and the problem as this graph has it. */
export function wayTo(document: Document, problem: Problem): readonly [Way, Problem] {
  const spot = spotOf(problem);
  const name = spot.on === "step" && /^body\.(steps|edges)\[/.test(spot.field) ? idsOf(stepsOf(document))[spot.index] : undefined;
  const body = name === undefined ? null : bodyOf(document, name);
  if (spot.on !== "step" || name === undefined || !body) return [[], problem];
  const [way, inner] = wayTo(body, { ...problem, path: spot.field.slice("body.".length) });
  return [[name, ...way], inner];
}

export function bodyOf(document: Document, name: string): Document | null {
  const step: Step | undefined = stepsOf(document)[idsOf(stepsOf(document)).indexOf(name)];
  return step && isObject(step.body) ? step.body : null;
}
