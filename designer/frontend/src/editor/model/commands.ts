/** Every edit is a command; one pure function applies it and gives the next document. */
import { memberOf } from "../../shared/json";
import { present } from "../../shared/present";
import { changedWithin, type Way } from "../../graph/model/bodies";
import { followingEdge, followingStep } from "./references";
import {
  edgesOf, idsOf, isObject, layoutOf, same, stepsOf, textOf, writtenLayout, type Document, type Edge, type Json, type JsonObject, type Places, type Step,
} from "../../graph/model/document";

export type Ends = readonly [from: string, to: string];

export type Command =
  | { readonly do: "add"; readonly steps: readonly Step[]; readonly edges?: readonly Edge[]; readonly layout?: Places; readonly instead?: number }
  | { readonly do: "insert"; readonly step: Step; readonly edge: number; readonly layout: Places }
  | { readonly do: "putBetween"; readonly step: string; readonly edge: number; readonly layout: Places }
  | { readonly do: "remove"; readonly steps: readonly string[]; readonly edges: readonly number[] }
  | { readonly do: "putStep"; readonly index: number; readonly step: Step }
  | { readonly do: "putEdge"; readonly index: number; readonly edge: Edge }
  | { readonly do: "connect"; readonly ends: Ends; readonly isError?: boolean }
  | { readonly do: "move"; readonly layout: Places }
  | { readonly do: "putFields"; readonly fields: JsonObject }
  | { readonly do: "replace"; readonly document: Document }
  | { readonly do: "within"; readonly way: Way; readonly command: Command };

export function applyCommand(document: Document, command: Command): Document {
  switch (command.do) {
    case "add":
      return {
        ...withLayout(document, command.layout ?? new Map()),
        steps: [...stepsOf(document), ...command.steps],
        edges: [...edgesOf(document).filter((_, index) => index !== command.instead), ...(command.edges ?? [])],
      };
    case "insert": return insert(document, command.step, command.edge, command.layout);
    case "putBetween": return putBetween(document, command.step, command.edge, command.layout);
    case "remove": return remove(document, new Set(command.steps), new Set(command.edges));
    case "putStep": return putStep(document, command.index, command.step);
    case "putEdge": return { ...document, edges: replaced(edgesOf(document), command.index, command.edge) };
    case "connect": return { ...document, edges: [...edgesOf(document), { from: command.ends[0], to: command.ends[1], ...(command.isError && { on: "failed" }) }] };
    case "move": return withLayout(document, command.layout);
    case "putFields": return withFields(document, command.fields);
    case "replace": return command.document;
    case "within": return changedWithin(document, command.way, (graph) => applyCommand(graph, command.command));
  }
}

/** A name that no step has: `name`, `name_2`, `name_3`, … */
export function freeName(wanted: string, taken: Iterable<string>): string {
  const names = new Set(taken);
  const cleaned = wanted.toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/^[^a-z]+/, "").slice(0, 56) || "step";
  if (!names.has(cleaned)) return cleaned;
  const [, stem = cleaned, counted] = /^(.*)_(\d{1,4})$/.exec(cleaned) ?? [];
  for (let number = Number(counted ?? 1) + 1; ; number += 1) {
    if (!names.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}

/** Copies of steps, with the edges between them, a little beside the originals. */
export function duplicateOf(document: Document, ids: readonly string[], places: Places): Command & { do: "add" } {
  const all = idsOf(stepsOf(document));
  const taken = new Set(all);
  const names = new Map<string, string>();
  for (const id of ids) {
    const name = freeName(id, taken);
    taken.add(name);
    names.set(id, name);
  }
  const steps = ids.map((id) => ({ ...followingStep(stepsOf(document)[all.indexOf(id)] ?? {}, names), name: present(names.get(id)) }));
  const edges = edgesOf(document)
    .filter((edge) => names.has(textOf(edge.from)) && names.has(textOf(edge.to)))
    .map((edge) => ({ ...followingEdge(edge, names), from: present(names.get(textOf(edge.from))), to: present(names.get(textOf(edge.to))) }));
  const layout = new Map(ids.map((id) => {
    const [x, y] = places.get(id) ?? [0, 0];
    return [present(names.get(id)), [x + 40, y + 170] as const];
  }));
  return { do: "add", steps, edges, layout };
}

function insert(document: Document, step: Step, index: number, layout: Places): Document {
  if (!edgesOf(document)[index]) return document;
  return putBetween({ ...document, steps: [...stepsOf(document), step] }, textOf(step.name), index, layout);
}

/** A step that is there takes its place on an edge: it follows where the edge came from, and leads where the edge led. */
function putBetween(document: Document, name: string, index: number, layout: Places): Document {
  const edges = edgesOf(document);
  const edge = edges[index];
  if (!edge) return document;
  return { ...withLayout(document, layout), edges: [...replaced(edges, index, { ...edge, to: name }), { from: name, to: edge.to ?? "" }] };
}

function remove(document: Document, ids: ReadonlySet<string>, edges: ReadonlySet<number>): Document {
  const all = idsOf(stepsOf(document));
  const layout = Object.entries(writtenLayout(document)).filter(([name]) => !ids.has(name));
  const isKept = (edge: Edge, index: number): boolean =>
    !edges.has(index) && !ids.has(textOf(edge.from)) && !ids.has(textOf(edge.to));
  return withFields(document, {
    steps: stepsOf(document).filter((_, index) => !ids.has(present(all[index]))),
    edges: edgesOf(document).filter(isKept),
    layout: layout.length ? Object.fromEntries(layout) : null,
  });
}

/** A renamed step keeps its edges and its place, and what reads it follows. A name that another step has is nobody's to follow. */
function putStep(document: Document, index: number, step: Step): Document {
  const before = stepsOf(document)[index];
  if (!before) return document;
  const [old, name] = [textOf(before.name), textOf(step.name)];
  const next = { ...document, steps: replaced(stepsOf(document), index, step) };
  const isShared = stepsOf(document).some((other, place) => place !== index && [old, name].includes(textOf(other.name)));
  return old === name || isShared || !old || !name ? next : renamed(next, old, name);
}

function renamed(document: Document, old: string, name: string): Document {
  const renames = new Map([[old, name]]);
  const end = (value: Json | undefined): Json => (value === old ? name : value ?? "");
  const edges = edgesOf(document).map((edge) => followingEdge(
    edge.from === old || edge.to === old ? { ...edge, from: end(edge.from), to: end(edge.to) } : edge, renames,
  ));
  const steps = stepsOf(document).map((step) => followingStep(step, renames));
  const { [old]: _, ...others } = writtenLayout(document);
  const place = memberOf(writtenLayout(document), old);
  return { ...document, steps, edges, ...(place !== undefined && { layout: { ...others, [name]: place } }) };
}

/** Places that stay the same stay as they are written. */
function withLayout(document: Document, layout: Places): Document {
  const before = layoutOf(document);
  const moved = [...layout].filter(([name, place]) => !same(before.get(name), place));
  return moved.length ? { ...document, layout: { ...writtenLayout(document), ...Object.fromEntries(moved) } } : document;
}

/** `null` and the empty text take a field away: they mean "not stated". */
function withFields(document: Document, fields: JsonObject): Document {
  let next: Record<string, Json> = { ...document };
  for (const [key, value] of Object.entries(fields)) {
    if (value === null || value === "" || (isObject(value) && key === "defaults" && !Object.keys(value).length)) next = without(next, key);
    else next[key] = value;
  }
  return next;
}

function replaced<Item>(items: readonly Item[], index: number, item: Item): Item[] {
  return items.map((other, place) => (place === index ? item : other));
}

function without(fields: Record<string, Json>, key: string): Record<string, Json> {
  const { [key]: _, ...others } = fields;
  return others;
}
