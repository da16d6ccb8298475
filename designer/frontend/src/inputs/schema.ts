/** What a form shows for a JSON Schema: one shape for each place of a value. The server alone validates. Pure. */
import { isNumber, isObject, memberOf, same, writeJson, type Json, type JsonObject } from "../shared/json";

export type Kind = "text" | "number" | "flag" | "choice" | "list" | "object" | "variants" | "json";

export interface Option {
  readonly value: Json;
  readonly label: string;
}

/** A schema with its references followed. `options` are those of a choice, `variants` those of a value of several kinds. */
export interface Shape {
  readonly kind: Kind;
  readonly schema: JsonObject;
  readonly title: string;
  readonly hint: string;
  readonly isNullable: boolean;
  readonly options: readonly Option[];
  readonly variants: readonly JsonObject[];
}

const DEPTH_MAX = 30;
const COMBINED = ["anyOf", "oneOf"] as const;
const KINDS: Readonly<Record<string, Kind>> = { string: "text", number: "number", integer: "number", boolean: "flag", array: "list", object: "object" };
const TYPE_WORDS: Readonly<Record<string, string>> = { string: "Text", number: "Number", integer: "Whole number", boolean: "Yes or no", array: "List", object: "Fields", null: "Nothing" };

export const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

export function shapeOf(part: Json | undefined, root: JsonObject): Shape {
  const schema = resolved(part, root);
  const [alternatives, hasNull] = withoutNull(alternativesOf(schema), root);
  const only = alternatives.length === 1 ? alternatives[0] : undefined;
  if (only) {
    const inner = shapeOf({ ...withoutAlternatives(schema), ...only, ...labelsOf(schema) }, root);
    return { ...inner, isNullable: inner.isNullable || hasNull };
  }
  const types = typesOf(schema);
  const isNullable = hasNull || types.includes("null");
  const options = optionsOf(schema, alternatives, root);
  const variants = options.length ? [] : variantsOf(schema, alternatives);
  const kind = options.length ? "choice" : variants.length > 1 ? "variants" : kindOf(schema, types.filter((type) => type !== "null"));
  return { kind, schema, title: textOf(schema.title), hint: textOf(schema.description), isNullable, options: options.filter(({ value }) => value !== null), variants };
}

/** The kind of a value whose schema says nothing of it; a text until there is one. */
export function kindOfValue(value: Json | undefined): Kind {
  return value === undefined ? "text" : (["text", "number", "flag", "list", "object"] as const).find((kind) => isOfKind(value, kind)) ?? "json";
}

/** What a list without a schema goes on with: the members of the item before, empty. */
export function begunLike(value: Json | undefined): Json {
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, begunLike(member)]));
  return { text: "", flag: false, list: [], object: {}, number: null, json: null, choice: null, variants: null }[kindOfValue(value)];
}

export function propertiesOf(schema: JsonObject): readonly (readonly [key: string, schema: Json])[] {
  return isObject(schema.properties) ? Object.entries(schema.properties) : [];
}

export function isRequired(schema: JsonObject, key: string): boolean {
  return listOf(schema.required).includes(key);
}

export function itemSchema(schema: JsonObject, index: number): Json | undefined {
  return listOf(schema.prefixItems)[index] ?? schema.items;
}

/** What a person begins with who adds a value here: what is fixed or standard is filled in, nothing else is made up. */
export function begun(part: Json | undefined, root: JsonObject, depth = 0): Json {
  const { kind, schema, options, variants } = shapeOf(part, root);
  if (schema.default !== undefined) return schema.default;
  if (kind === "choice") return options.length === 1 ? options[0]?.value ?? null : null;
  if (kind === "variants") return depth < DEPTH_MAX ? begun(variants[0], root, depth + 1) : null;
  if (kind === "text") return "";
  if (kind === "flag") return false;
  if (kind === "list") return [];
  if (kind !== "object" || depth >= DEPTH_MAX) return null;
  const known = propertiesOf(schema).flatMap(([key, member]): [string, Json][] => {
    const inner = shapeOf(member, root);
    const isFixed = inner.schema.default !== undefined || (inner.kind === "choice" && inner.options.length === 1);
    const isNested = inner.kind === "object" || inner.kind === "list";
    return isRequired(schema, key) && (isFixed || isNested) ? [[key, begun(member, root, depth + 1)]] : [];
  });
  return Object.fromEntries(known);
}

/** The variant that describes a value best, by its type, its fixed values and the members that it needs; -1: none. */
export function variantOf(value: Json | undefined, variants: readonly JsonObject[], root: JsonObject): number {
  if (value === undefined) return -1;
  const scores = variants.map((variant) => scoreOf(value, variant, root));
  const best = Math.max(...scores);
  return best < 0 ? -1 : scores.indexOf(best);
}

export function variantTitle(variant: JsonObject, root: JsonObject, index: number): string {
  const schema = resolved(variant, root);
  const [type] = typesOf(schema);
  return textOf(schema.title) || fixedText(schema, root) || (memberOf(TYPE_WORDS, type ?? "") ?? `Kind ${index + 1}`);
}

/** Follows references and lays the parts of `allOf` over each other. */
function resolved(part: Json | undefined, root: JsonObject, depth = 0): JsonObject {
  if (!isObject(part) || depth > DEPTH_MAX) return {};
  const { $ref, allOf, ...own } = part;
  const parts = [typeof $ref === "string" ? target($ref, root) : undefined, ...listOf(allOf)];
  return merged([...parts.map((other) => resolved(other, root, depth + 1)), own]);
}

function target(reference: string, root: JsonObject): Json | undefined {
  const keys = reference.split("/").slice(1).map((key) => decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~"));
  return keys.reduce<Json | undefined>((place, key) => (isObject(place) ? memberOf(place, key) : undefined), root);
}

function merged(parts: readonly JsonObject[]): JsonObject {
  return parts.reduce<JsonObject>((whole, part) => {
    const properties = { ...(isObject(whole.properties) && whole.properties), ...(isObject(part.properties) && part.properties) };
    const required = [...listOf(whole.required), ...listOf(part.required)];
    return { ...whole, ...part, ...(Object.keys(properties).length > 0 && { properties }), ...(required.length > 0 && { required }) };
  }, {});
}

function alternativesOf(schema: JsonObject): readonly JsonObject[] {
  const [combined] = COMBINED.map((word) => listOf(schema[word])).filter((parts) => parts.length);
  return (combined ?? []).filter(isObject);
}

function withoutAlternatives(schema: JsonObject): JsonObject {
  const { anyOf: _, oneOf: __, ...others } = schema;
  return others;
}

function labelsOf({ title, description, default: standard }: JsonObject): JsonObject {
  return { ...(title !== undefined && { title }), ...(description !== undefined && { description }), ...(standard !== undefined && { default: standard }) };
}

function withoutNull(alternatives: readonly JsonObject[], root: JsonObject): [JsonObject[], boolean] {
  const others = alternatives.filter((part) => !isNull(resolved(part, root)));
  return [others, others.length < alternatives.length];
}

const isNull = (schema: JsonObject): boolean => schema.type === "null" || schema.const === null;

function typesOf({ type }: JsonObject): readonly string[] {
  return (Array.isArray(type) ? type : [type]).filter((name) => typeof name === "string");
}

function optionsOf(schema: JsonObject, alternatives: readonly JsonObject[], root: JsonObject): Option[] {
  if (schema.const !== undefined) return [{ value: schema.const, label: labelOf(schema.const) }];
  if (Array.isArray(schema.enum)) return schema.enum.map((value: Json) => ({ value, label: labelOf(value) }));
  const parts = alternatives.map((part) => resolved(part, root));
  if (!parts.length || parts.some((part) => part.const === undefined)) return [];
  return parts.flatMap(({ const: value, title }) => (value === undefined ? [] : [{ value, label: textOf(title) || labelOf(value) }]));
}

function variantsOf(schema: JsonObject, alternatives: readonly JsonObject[]): JsonObject[] {
  const others = withoutAlternatives(schema);
  if (alternatives.length > 1) return alternatives.map((part) => ({ allOf: [strippedOf(others), part] }));
  const types = typesOf(schema).filter((type) => type !== "null");
  return types.length > 1 ? types.map((type) => ({ ...strippedOf(others), type })) : [];
}

/** Without what names the whole, so that it does not name each variant too. */
function strippedOf({ title: _, description: __, default: ___, ...others }: JsonObject): JsonObject {
  return others;
}

function kindOf(schema: JsonObject, types: readonly string[]): Kind {
  const [type] = types;
  if (type !== undefined) return types.length === 1 ? memberOf(KINDS, type) ?? "json" : "json";
  if (isObject(schema.properties)) return "object";
  return schema.items !== undefined || schema.prefixItems !== undefined ? "list" : "json";
}

function labelOf(value: Json): string {
  return typeof value === "string" ? value : writeJson(value);
}

/** The fixed value of a member, which tells a variant from the others. */
function fixedText(schema: JsonObject, root: JsonObject): string {
  const fixed = propertiesOf(schema).map(([, member]) => resolved(member, root).const).find((value) => value !== undefined);
  return fixed === undefined ? "" : labelOf(fixed);
}

function scoreOf(value: Json, variant: JsonObject, root: JsonObject): number {
  const { kind, schema, options, isNullable } = shapeOf(variant, root);
  if (value === null) return isNullable ? 1 : -1;
  if (kind === "choice") return options.some((option) => same(option.value, value)) ? 2 : -1;
  if (kind === "json" || kind === "variants") return 0;
  if (!isOfKind(value, kind)) return -1;
  if (!isObject(value)) return typesOf(schema).includes("integer") && !/^-?\d+$/.test(writeJson(value)) ? 0 : 1;
  const members = propertiesOf(schema);
  const isOther = members.some(([key, member]) => {
    const { const: fixed } = resolved(member, root);
    const given = memberOf(value, key);
    return fixed !== undefined && given !== undefined && !same(fixed, given);
  });
  if (isOther) return -1;
  const known = members.filter(([key]) => Object.hasOwn(value, key)).length;
  const missing = listOf(schema.required).filter((key) => !Object.hasOwn(value, textOf(key))).length;
  return Math.max(0, 1 + known - missing);
}

export function isOfKind(value: Json, kind: Kind): boolean {
  if (kind === "text") return typeof value === "string";
  if (kind === "number") return isNumber(value);
  if (kind === "flag") return typeof value === "boolean";
  if (kind === "list") return Array.isArray(value);
  return kind !== "object" || isObject(value);
}
