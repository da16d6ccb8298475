/** Graphs inside steps: the way to one, and changes within it. Pure. */
import { idsOf, isObject, stepsOf, type Document } from "./document";
import { spotOf, type Problem } from "./problems";

/** The steps whose bodies lead to a graph, the outermost first; empty for the workflow itself. */
export type Way = readonly string[];

/** A graph on a canvas: `path` is the id of the step that it is drawn in, empty for the outermost one. */
export interface Section {
  readonly path: string;
  readonly document: Document;
}

/** The id on a canvas of a step whose graph has that path. */
export function idOf(path: string, name: string): string {
  return path ? `${path}/${name}` : name;
}

export function splitId(id: string): [path: string, name: string] {
  const at = id.lastIndexOf("/");
  return at < 0 ? ["", id] : [id.slice(0, at), id.slice(at + 1)];
}

/** The way that a path or an id leads. */
export function wayOf(path: string): Way {
  return path ? path.split("/") : [];
}

/** The graph and the bodies that are unfolded in it, those around before those within. */
export function sectionsOf(document: Document, unfolded: ReadonlySet<string>, path = ""): readonly Section[] {
  const steps = stepsOf(document);
  const inner = !unfolded.size ? [] : idsOf(steps).flatMap((name, index) => {
    const [id, body] = [idOf(path, name), steps[index]?.body];
    return unfolded.has(id) && isObject(body) ? sectionsOf(body, unfolded, id) : [];
  });
  return [{ path, document }, ...inner];
}

/** The ids of all steps, those of bodies behind the steps that have them. */
export function allIds(document: Document, path = ""): readonly string[] {
  const steps = stepsOf(document);
  return idsOf(steps).flatMap((name, index) => {
    const [id, body] = [idOf(path, name), steps[index]?.body];
    return [id, ...(isObject(body) ? allIds(body, id) : [])];
  });
}

/** Ids of the whole workflow as the graph with that path has them; those elsewhere are left out. */
export function idsWithin(ids: ReadonlySet<string>, path: string): ReadonlySet<string> {
  if (!path) return ids;
  return new Set([...ids].flatMap((id) => (id.startsWith(`${path}/`) ? [id.slice(path.length + 1)] : [])));
}

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
  return bodiesIn(document).get(name) ?? null;
}

const known = new WeakMap<Document, ReadonlyMap<string, Document>>();

/** The bodies of steps by their ids. They are asked for step by step, so they are looked for once. */
function bodiesIn(document: Document): ReadonlyMap<string, Document> {
  const before = known.get(document);
  if (before) return before;
  const steps = stepsOf(document);
  const bodies = new Map(idsOf(steps).flatMap((id, place) => {
    const body = steps[place]?.body;
    return isObject(body) ? [[id, body] as const] : [];
  }));
  known.set(document, bodies);
  return bodies;
}
