/** The fields of a params form, read from a worker's JSON Schema. Pure. */
import { memberOf } from "../../shared/json";
import { isObject, textOf, type Json, type JsonObject } from "../../graph/model/document";

export interface ParamField {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly type: "text" | "number" | "flag" | "choice" | "json";
  readonly options: readonly string[];
  readonly standard: Json | undefined;
  readonly isKnown: boolean;
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
  return {
    key, label: isRequired ? `${title} (needed)` : title, hint: textOf(schema.description),
    type: options.length ? "choice" : memberOf(TYPES, textOf(schema.type)) ?? "json",
    options, standard: schema.default, isKnown: true,
  };
}

function unknownField(key: string, value: Json): ParamField {
  const type = typeof value === "string" ? "text" : "json";
  return { key, label: key, hint: "", type, options: [], standard: undefined, isKnown: false };
}

const TYPES: Readonly<Record<string, ParamField["type"]>> = { string: "text", number: "number", integer: "number", boolean: "flag" };

/** Follows one reference into the schema, and takes what is not null of a choice with null. */
function resolved(part: Json, definitions: JsonObject): JsonObject {
  if (!isObject(part)) return {};
  const target = memberOf(definitions, textOf(part.$ref).replace("#/$defs/", ""));
  if (isObject(target)) return { ...target, ...part };
  const options = Array.isArray(part.anyOf) ? part.anyOf.filter((option) => isObject(option) && option.type !== "null") : [];
  return options.length === 1 && isObject(options[0]) ? { ...options[0], ...part } : part;
}
