/** Operations of an API's OpenAPI document, as the server tells them, and the steps made from them. Pure. */
import { memberOf } from "../../shared/json";
import { DEFAULT_KIND } from "../../shared/kinds";
import type { Block } from "../../graph/model/catalog";
import { isObject, textOf, type Json, type JsonObject, type Step } from "../../graph/model/document";

/** A connection with a document. */
export interface Api {
  readonly connection: string;
  readonly title: string;
  readonly operations: number;
}
export interface Operation {
  readonly id: string;
  readonly title: string;
  readonly method: string;
  readonly url: string;
  readonly tag: string;
  readonly has_proposal: boolean;
}
export interface OperationStep extends Operation {
  readonly name: string;
  readonly description: string;
  readonly params: JsonObject;
  /** Schemas of the request's parts: `path`, `query`, `headers`, `json` or `form`. */
  readonly form: JsonObject;
  readonly undo: string | null;
  readonly proposal: Proposal | null;
}
export interface Proposal {
  readonly params: JsonObject;
  readonly why: string;
  readonly is_said: boolean;
}
/** What of a request says which operation it calls. */
export interface RequestKey {
  readonly connection: string;
  readonly method: string;
  readonly url: string;
}

export const WORKER = "http_request";
const START = ":operation:";
export const PLACES: Readonly<Record<string, string>> = { path: "In the address", query: "Query", headers: "Headers", json: "Body", form: "Body, as a form" };

/** What is dragged to the canvas. */
export const keyOf = (connection: string, id: string): string => `${START}${connection}:${id}`;

export function operationIn(key: string): { readonly connection: string; readonly id: string } | null {
  if (!key.startsWith(START)) return null;
  const rest = key.slice(START.length);
  const colon = rest.lastIndexOf(":");
  return { connection: rest.slice(0, colon), id: rest.slice(colon + 1) };
}

export function blockOf(connection: string, operation: OperationStep): Block {
  const { id, title, name, description, params, undo } = operation;
  return {
    key: keyOf(connection, id), kind: DEFAULT_KIND, title, group: connection, doc: description, worker: WORKER,
    name, fields: { params, ...(undo !== null && { compensation: undo }) },
  };
}

/** The request that a call makes; null where another worker, or an expression, decides. */
export function requestOf(call: JsonObject): RequestKey | null {
  if (call.worker !== WORKER || !isObject(call.params)) return null;
  const [connection, method, url] = [textOf(call.params.connection), textOf(call.params.method ?? "GET"), textOf(call.params.url)];
  return [connection, method, url].every((text) => text && !text.startsWith("=")) ? { connection, method, url } : null;
}

/** The undo that a proposal makes of a step: `{path.NAME}` is what the step has there. */
export function undoFrom({ params }: Proposal, step: Step): JsonObject {
  const path = isObject(step.params) && isObject(step.params.path) ? step.params.path : {};
  return { worker: WORKER, params: filledMembers(params, path) };
}

function filled(value: Json, path: JsonObject): Json {
  if (typeof value === "string") {
    const [, name] = /^\{path\.(.+)\}$/.exec(value) ?? [];
    return name === undefined ? value : memberOf(path, name) ?? "";
  }
  return isObject(value) ? filledMembers(value, path) : value;
}

function filledMembers(value: JsonObject, path: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filled(member, path)]));
}

/** The parts of a request that a form is drawn for: those with fields, unless an expression gives the whole part. */
export function placesOf(form: JsonObject, params: JsonObject): readonly string[] {
  return Object.keys(PLACES).filter((place) => {
    const schema = form[place];
    return isObject(schema) && isObject(schema.properties) && Object.keys(schema.properties).length > 0 && isObject(params[place] ?? {});
  });
}

export function without(value: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

/** Params with one part of the request anew; an empty one is left out, unless the address needs it. */
export function withPlace(params: JsonObject, place: string, next: JsonObject): JsonObject {
  return Object.keys(next).length ? { ...params, [place]: next } : without(params, [place]);
}
