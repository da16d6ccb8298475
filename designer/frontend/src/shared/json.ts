/**
 * The only reader and writer of JSON in the front end; eslint refuses any other. Pure.
 *
 * A JavaScript number cannot hold every JSON number: 9007199254740993 becomes another one, and 2.0, -0.0 and 1e22
 * come back written differently, which the server reads as another type. Such a number is read as a
 * `LosslessNumber`, which keeps its digits; all others are plain numbers. So what nobody touched is written as it was.
 */
import { isLosslessNumber, LosslessNumber, parse, stringify } from "lossless-json";

export { LosslessNumber };

export type JsonNumber = number | LosslessNumber;
export type Json = null | boolean | JsonNumber | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

const FRACTION_OR_EXPONENT = /[.eE]/;

/** Throws SyntaxError where `text` is no JSON, or has a key twice with different values. */
export function readJson(text: string): Json {
  return parse(text, null, numberOf) as Json;
}

/** The value in `text`; undefined where it is no JSON. */
export function jsonIn(text: string): Json | undefined {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}

/** The value in the body of a response; undefined where it holds no JSON. Rejects where the body does not arrive. */
export async function bodyOf(response: Response): Promise<Json | undefined> {
  return jsonIn(await response.text());
}

/** Whether the server answered that the same call may succeed later. */
export const isBusy = (status: number): boolean => status === 429 || status >= 500;

/** `value` must be JSON; members that are undefined are left out. */
export function writeJson(value: unknown, indent = 0): string {
  return stringify(value, null, indent) ?? "null";
}

/** A number from its JSON text, exactly. */
function numberOf(text: string): JsonNumber {
  const nearest = Number(text);
  return String(nearest) === text ? nearest : new LosslessNumber(text);
}

/** A number as a person wrote it into a field; null where the text is no JSON number. */
export function numberIn(text: string): JsonNumber | null {
  const value = jsonIn(text);
  return isNumber(value) ? value : null;
}

export function isNumber(value: unknown): value is JsonNumber {
  return typeof value === "number" || isLosslessNumber(value);
}

/** The nearest JavaScript number, for what is counted or drawn; null for any other value. */
export function nearest(value: unknown): number | null {
  return typeof value === "number" ? value : isLosslessNumber(value) ? Number(value.value) : null;
}

/** A copy with JavaScript numbers alone: for figures of the product itself, such as those of a chart. */
export function withPlainNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainNumbers);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withPlainNumbers(member)]));
  return nearest(value) ?? value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

/** A member of its own, never one that every JavaScript object has, such as `constructor`. */
export function memberOf<Member>(object: Readonly<Record<string, Member>>, key: string): Member | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Whether two JSON values are equal, as the server compares them with their types; the order of keys does not count. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isNumber(value)) return canonicalNumber(String(value));
  if (!isObject(value)) return value === undefined ? "" : writeJson(value);
  const members = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  return `{${members.map((key) => `${writeJson(key)}:${canonical(value[key])}`).join()}}`;
}

/** Whole numbers by their digits; the others by their value, as 1e3 and 1000.0 are one float. */
function canonicalNumber(text: string): string {
  if (!FRACTION_OR_EXPONENT.test(text)) return text === "-0" ? "0" : text;
  return Object.is(Number(text), -0) ? "float -0" : `float ${Number(text)}`;
}
