/** Steps put into a group, or taken out of the step around them. Pure. */
import { present } from "../../shared/present";
import { bodyOf } from "../../graph/model/bodies";
import { idsOf, edgesOf, isErrorEdge, layoutOf, same, stepsOf, textOf, type Document, type Edge, type Place, type Places } from "../../graph/model/document";
import { graft } from "./clipboard";
import { isInCircle } from "./rules";

const NOWHERE: Places = new Map();

/** Why the steps cannot become a group, or null. */
export function refusalOfGroup(document: Document, chosen: ReadonlySet<string>): string | null {
  if ([...chosen].some((id) => id.startsWith("#"))) return "Give the steps names of their own first.";
  const [name] = chosen;
  if (name === undefined) return "Choose steps first.";
  const around = edgesOf(document).filter(({ from, to }) => !(chosen.has(textOf(from)) && chosen.has(textOf(to))))
    .map((edge) => ({ ...edge, ...(chosen.has(textOf(edge.from)) && { from: name }), ...(chosen.has(textOf(edge.to)) && { to: name }) }));
  return isInCircle({ ...document, edges: around }, name) ? "Other steps come after some of these and before others; choose them, too." : null;
}

/** The document with the steps in a group of the given name, and the edges from and to them from and to the group. */
export function grouped(document: Document, chosen: ReadonlySet<string>, name: string, place: Place): Document {
  const ids = idsOf(stepsOf(document));
  const isInside = (end: Edge[string] | undefined): boolean => chosen.has(textOf(end));
  const [edges, places] = [edgesOf(document), layoutOf(document)];
  const layout = Object.fromEntries([...places].filter(([step]) => chosen.has(step)));
  const body = {
    steps: stepsOf(document).filter((_, index) => chosen.has(present(ids[index]))),
    edges: edges.filter(({ from, to }) => isInside(from) && isInside(to)), layout,
  };
  const around = edges.filter(({ from, to }) => !isInside(from) || !isInside(to)).map((edge) => (
    { ...edge, ...(isInside(edge.from) && { from: name }), ...(isInside(edge.to) && { to: name }) }
  ));
  const left = stepsOf(document).filter((_, index) => !chosen.has(present(ids[index])));
  const first = ids.findIndex((id) => chosen.has(id));
  return {
    ...document, steps: [...left.slice(0, first), { name, kind: "group", body }, ...left.slice(first)], edges: distinct(around),
    layout: Object.fromEntries([...[...places].filter(([step]) => !chosen.has(step)), [name, place]]),
  };
}

/** The document with the steps of a body in place of the step around them. Edges to it lead to its first steps, edges from it start at its last ones. */
export function ungrouped(document: Document, name: string, places: Places, taken: Places): Document {
  const [ids, body] = [idsOf(stepsOf(document)), bodyOf(document, name)];
  if (!body) return document;
  const without = { ...document, steps: stepsOf(document).filter((_, index) => ids[index] !== name) };
  const { steps, edges: inner = [], layout = NOWHERE } = graft(without, body, places, new Map(), { place: taken.get(name) ?? [0, 0] });
  const names = steps.map((step) => textOf(step.name));
  const plain = inner.filter((edge) => !isErrorEdge(edge));
  const first = names.filter((step) => !inner.some(({ to }) => to === step));
  const last = names.filter((step) => !plain.some(({ from }) => from === step));
  const around = edgesOf(document).flatMap((edge): Edge[] => {
    if (edge.to === name) return first.map((to) => ({ ...edge, to }));
    if (edge.from === name) return (isErrorEdge(edge) ? names : last).map((from) => ({ ...edge, from }));
    return [edge];
  });
  const kept = [...taken].filter(([step]) => step !== name);
  const place = ids.indexOf(name);
  return {
    ...document, edges: distinct([...around, ...inner]), layout: Object.fromEntries([...kept, ...layout]),
    steps: [...without.steps.slice(0, place), ...steps, ...without.steps.slice(place)],
  };
}

function distinct(edges: readonly Edge[]): Edge[] {
  return edges.filter((edge, index) => !edges.slice(0, index).some((other) => same(other, edge)));
}
