/** The workflow's document as the canvas reads it. A draft may hold anything, so reading never fails. Pure. */
import { DEFAULT_KIND, KIND_NAMES, KINDS, type Kind, type StepKind } from "../../shared/kinds";
import { isObject, nearest, same, type Json, type JsonObject } from "../../shared/json";

export { isObject, same, type Json, type JsonObject };

export type Step = JsonObject;
export type Edge = JsonObject;
export type Document = JsonObject;
export type Place = readonly [number, number];
/** By the name of the step. A map, since a step may be called `constructor` or `__proto__`. */
export type Places = ReadonlyMap<string, Place>;

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The steps in order; a value that is no object counts as an empty step. */
export function stepsOf(document: Document): readonly Step[] {
  return objects(document.steps);
}

export function edgesOf(document: Document): readonly Edge[] {
  return objects(document.edges);
}

/** The places as they are written; `layoutOf` reads them. */
export function writtenLayout({ layout }: Document): JsonObject {
  return isObject(layout) ? layout : {};
}

export function layoutOf(document: Document): Places {
  const places = new Map<string, Place>();
  for (const [name, place] of Object.entries(writtenLayout(document))) {
    const [x, y] = Array.isArray(place) ? place.slice(0, 2).map(nearest) : [];
    if (Number.isFinite(x) && Number.isFinite(y)) places.set(name, [Number(x), Number(y)]);
  }
  return places;
}

/** Whether only a failure of its source takes the edge. */
export function isErrorEdge(edge: Edge): boolean {
  return edge.on === "failed";
}

/** The patterns of error codes that an error edge catches; none: all. */
export function errorsOf({ errors }: Edge): readonly string[] {
  return Array.isArray(errors) ? errors.filter((pattern) => typeof pattern === "string") : [];
}

/** The edges by what authors call them; several between the same steps are numbered. */
export function edgesByName(document: Document): Map<string, Edge> {
  const edges = new Map<string, Edge>();
  for (const edge of edgesOf(document)) {
    const name = `${textOf(edge.from)} → ${textOf(edge.to)}${isErrorEdge(edge) ? " on failure" : ""}`;
    let key = name;
    for (let number = 2; edges.has(key); number += 1) key = `${name} (${number})`;
    edges.set(key, edge);
  }
  return edges;
}

export function kindOf(step: Step): Kind {
  return KIND_NAMES.find((kind) => kind === step.kind) ?? DEFAULT_KIND;
}

export function traitsOf(step: Step): StepKind {
  return KINDS[kindOf(step)];
}

/** A worker call beside a step's own. The name of a worker alone is a call without params; null where nothing is called. */
export function callOf(value: Json | undefined): JsonObject | null {
  if (typeof value === "string") return value === "none" || value === "irreversible" || !value ? null : { worker: value };
  return isObject(value) && value.rollback !== true ? value : null;
}

/** Whether runs do the work of the step or of its items: of another workflow, or of its body. As `Step.starts_runs` in Python. */
export function startsRuns(step: Step): boolean {
  const { startsRun, fields } = traitsOf(step);
  return startsRun || (fields.includes("body") && isObject(step.body)) || (fields.includes("workflow") && textOf(step.workflow) !== "");
}

export function callsWorker(step: Step): boolean {
  return traitsOf(step).callsWorker && !startsRuns(step);
}

/** Whether its items are turns, one after the other. */
export function repeats(step: Step): boolean {
  return traitsOf(step).fields.includes("max_turns");
}

/** One id for each step on the canvas, also where a draft has a name twice or not at all. */
export function idsOf(steps: readonly Step[]): string[] {
  const seen = new Set<string>();
  return steps.map((step, index) => {
    const name = textOf(step.name);
    const id = name && !seen.has(name) ? name : `#${index}`;
    seen.add(id);
    return id;
  });
}

/** The object without null and empty fields. */
export function stated(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== ""));
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.map((part) => (isObject(part) ? part : {})) : [];
}
