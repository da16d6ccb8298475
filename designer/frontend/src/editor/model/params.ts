/** The fields of a params form, read from a worker's JSON Schema. Pure. */
import { memberOf } from "../../shared/json";
import type { Named } from "./names";
import { isObject, textOf, type Json, type JsonObject } from "../../graph/model/document";

export interface ParamField {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly type: "text" | "lines" | "name" | "number" | "flag" | "choice" | "json";
  readonly options: readonly string[];
  readonly standard: Json | undefined;
  readonly isKnown: boolean;
  /** What a field of the type `name` names. */
  readonly named?: Named;
}

/** Fields of the schema in its order, then params that the schema does not name. */
export function fieldsOf(schema: JsonObject | null, params: JsonObject): ParamField[] {
  const properties = isObject(schema?.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema?.required) ? schema.required : []);
  const definitions = isObject(schema?.$defs) ? schema.$defs : {};
  const known = Object.entries(properties).map(([key, part]) => fieldOf(key, resolved(part, definitions), required.has(key)));
  const others = Object.entries(params).filter(([key]) => !Object.hasOwn(properties, key));
  return [...known, ...others.map(([key, value]) => unknownField(key, value))];
}

export function isExpression(value: Json | undefined): value is string {
  return typeof value === "string" && value.startsWith("=") && !value.startsWith("==");
}

function fieldOf(key: string, schema: JsonObject, isRequired: boolean): ParamField {
  const options = Array.isArray(schema.enum) ? schema.enum.filter((option) => typeof option === "string") : [];
  const title = textOf(schema.title) || key;
  const named = schema.format === "secret" ? "secret" : schema.format === "connection" ? memberOf(KINDS, textOf(schema["x-kind"])) : undefined;
  return {
    key, label: isRequired ? `${title} (needed)` : title, hint: textOf(schema.description),
    type: options.length ? "choice" : named ? "name" : schema.format === "multiline" ? "lines" : memberOf(TYPES, typeOf(schema)) ?? "json",
    options, standard: schema.default, isKnown: true, ...(named && { named }),
  };
}

function unknownField(key: string, value: Json): ParamField {
  const type = typeof value === "string" ? "text" : "json";
  return { key, label: key, hint: "", type, options: [], standard: undefined, isKnown: false };
}

const KINDS: Readonly<Record<string, Named>> = { http: "http", smtp: "smtp", sql: "sql" };

/** Its type; of several, that which is not null. */
function typeOf({ type }: JsonObject): string {
  const types = (Array.isArray(type) ? type : [type ?? ""]).map(textOf).filter((name) => name !== "null");
  return types.length === 1 ? types[0] ?? "" : "";
}

const TYPES: Readonly<Record<string, ParamField["type"]>> = { string: "text", number: "number", integer: "number", boolean: "flag" };

/** Follows one reference into the schema; of a choice takes what is not null, or the text that it may be written as. */
function resolved(part: Json, definitions: JsonObject): JsonObject {
  if (!isObject(part)) return {};
  const target = memberOf(definitions, textOf(part.$ref).replace("#/$defs/", ""));
  if (isObject(target)) return { ...target, ...part };
  const options: readonly Json[] = Array.isArray(part.anyOf) ? part.anyOf.filter((option) => isObject(option) && option.type !== "null") : [];
  const [first] = options;
  return isObject(first) && (options.length === 1 || first.type === "string") ? { ...first, ...part } : part;
}
