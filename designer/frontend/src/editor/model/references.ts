/** Names of steps in the expressions of a document: renamed with the steps. Pure. */
import { isObject, type Json } from "../../shared/json";
import type { Edge, Step } from "../../graph/model/document";
import { isExpression } from "./params";
import { scan, type Token } from "../expressions/scanner";

/** New names by old ones. All are renamed at once, so that two steps can take each other's name. */
export type Renames = Pick<ReadonlyMap<string, string>, "get">;

/** Variables whose members are named after steps. */
const BY_STEP = new Set(["steps", "outcomes"]);
/** What may stand before the text in `"name" in steps`. */
const BEFORE_TEXT = new Set(["(", "[", "{", ",", "?", ":", "&&", "||", undefined]);
/** Fields that are expressions also without `=`. */
const BARE = new Set(["when", "items", "until", "while", "match"]);
/** Fields that are never evaluated, and the body, whose steps have names of their own. */
const PLAIN = new Set(["name", "title", "notes", "description", "kind", "worker", "workflow", "output_key", "body"]);
/** A text that is its own value: no escapes, and not within three quotes. */
const PLAIN_TEXT = /^(?:"[^"\\]+"|'[^'\\]+')$/;

/** The step with its references to renamed steps following them; its own name stays. */
export function followingStep(step: Step, renames: Renames): Step {
  return Object.fromEntries(Object.entries(step).map(([field, value]) => [field, PLAIN.has(field) ? value : field === "any_of" ? followingParts(value, renames) : following(value, renames, BARE.has(field))]));
}

/** What a wait waits for the first of: each has fields like a step. */
function followingParts(value: Json, renames: Renames): Json {
  return Array.isArray(value) ? value.map((part: Json) => (isObject(part) ? followingStep(part, renames) : part)) : value;
}

export function followingEdge(edge: Edge, renames: Renames): Edge {
  return edge.when === undefined ? edge : { ...edge, when: following(edge.when, renames, true) };
}

/** The names of steps that the expressions of a step read. */
export function readBy(step: Step): ReadonlySet<string> {
  const names = new Set<string>();
  followingStep(step, {
    get: (name) => {
      names.add(name);
      return undefined;
    },
  });
  return names;
}

function following(value: Json, renames: Renames, isBare: boolean): Json {
  if (isExpression(value)) return `=${renamedIn(value.slice(1), renames)}`;
  if (typeof value === "string") return isBare ? renamedIn(value, renames) : value;
  if (Array.isArray(value)) return value.map((part: Json) => following(part, renames, false));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, following(member, renames, false)]));
}

/** A bare expression with its steps renamed; one that cannot be read stays as it is. */
export function renamedIn(source: string, renames: Renames): string {
  const tokens = scan(source);
  if (!tokens) return source;
  const read = tokens.filter(({ kind }) => kind !== "space");
  const texts = new Map<Token, string>();
  read.forEach(({ kind, text }, at) => {
    if (kind !== "name" || !BY_STEP.has(text) || read[at - 1]?.text === ".") return;
    const named = nameAfter(read, at) ?? textBefore(read, at);
    const renamed = named && renamedToken(named, renames);
    if (named && renamed) texts.set(named, renamed);
  });
  return tokens.map((token) => texts.get(token) ?? token.text).join("");
}

/** The name in `steps.name` or `steps["name"]`; a call such as `steps.size()` has none. */
function nameAfter(read: readonly Token[], at: number): Token | null {
  const [sign, name, end] = read.slice(at + 1, at + 4);
  if (sign?.text === "." && name?.kind === "name" && end?.text !== "(") return name;
  return sign?.text === "[" && name?.kind === "string" && end?.text === "]" ? name : null;
}

/** The text in `"name" in steps`. */
function textBefore(read: readonly Token[], at: number): Token | null {
  const [before, name, word, next] = [read[at - 3], read[at - 2], read[at - 1], read[at + 1]];
  const isWhole = next?.text !== "." && next?.text !== "[";
  return isWhole && word?.text === "in" && name?.kind === "string" && BEFORE_TEXT.has(before?.text) ? name : null;
}

function renamedToken({ kind, text }: Token, renames: Renames): string | undefined {
  if (kind === "name") return renames.get(text);
  const name = PLAIN_TEXT.test(text) ? renames.get(text.slice(1, -1)) : undefined;
  return name === undefined ? undefined : text.charAt(0) + name + text.charAt(0);
}
