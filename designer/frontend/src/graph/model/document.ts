/** The workflow's document as the canvas reads it. A draft may hold anything, so reading never fails. Pure. */
import { DEFAULT_KIND, KIND_NAMES, KINDS, type Kind, type StepKind } from "../../shared/kinds";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
export type Step = JsonObject;
export type Edge = JsonObject;
export type Document = JsonObject;
export type Place = readonly [number, number];

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Steps in their places; what is no object stands as an empty step. */
export function stepsOf(document: Document): readonly Step[] {
  return objects(document.steps);
}

export function edgesOf(document: Document): readonly Edge[] {
  return objects(document.edges);
}

export function layoutOf(document: Document): Readonly<Record<string, Place>> {
  const found: Record<string, Place> = {};
  for (const [name, place] of Object.entries(isObject(document.layout) ? document.layout : {})) {
    if (Array.isArray(place) && Number.isFinite(place[0]) && Number.isFinite(place[1])) {
      found[name] = [Number(place[0]), Number(place[1])];
    }
  }
  return found;
}

export function kindOf(step: Step): Kind {
  return KIND_NAMES.find((kind) => kind === step.kind) ?? DEFAULT_KIND;
}

export function traitsOf(step: Step): StepKind {
  return KINDS[kindOf(step)];
}

/** One name a step on the canvas, also where a draft has the same name twice or none. */
export function idsOf(steps: readonly Step[]): string[] {
  const seen = new Set<string>();
  return steps.map((step, index) => {
    const name = textOf(step.name);
    const id = name && !seen.has(name) ? name : `#${index}`;
    seen.add(id);
    return id;
  });
}

/** The object without what is not stated. */
export function stated(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== ""));
}

/** Whether two JSON values mean the same; the order of keys does not count. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part) ?? "";
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.map((part) => (isObject(part) ? part : {})) : [];
}
