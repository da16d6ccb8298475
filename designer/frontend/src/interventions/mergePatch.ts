/** JSON merge patches (RFC 7396) and differences, as `runs.machine.bindings` and `runs.queries.differences`. Pure. */
import { isObject, memberOf, same, writeJson, type Json, type JsonObject } from "../shared/json";


export interface Change {
  readonly kind: "added" | "removed" | "changed";
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

const SHOWN_MAX = 300;

export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** The patch that makes `after` out of `before`. A patch cannot set a key to null: such keys are taken out. */
export function diffPatch(before: JsonObject, after: JsonObject): JsonObject {
  return Object.fromEntries(keysOf(before, after).flatMap((key): [string, Json][] => {
    const [old, now] = [memberOf(before, key), memberOf(after, key)];
    if (now === undefined || now === null) return old !== undefined && old !== now ? [[key, null]] : [];
    if (!isObject(old) || !isObject(now)) return same(old, now) ? [] : [[key, now]];
    const inner = diffPatch(old, now);
    return Object.keys(inner).length ? [[key, inner]] : [];
  }));
}

export function changes(before: Json, after: Json, path = ""): Change[] {
  if (!isObject(before) || !isObject(after)) {
    return same(before, after) ? [] : [{ kind: "changed", path: path || "(everything)", before: shown(before), after: shown(after) }];
  }
  return keysOf(before, after).flatMap((key): Change[] => {
    const [place, old, now] = [path ? `${path}.${key}` : key, memberOf(before, key), memberOf(after, key)];
    if (now === undefined) return [{ kind: "removed", path: place, before: old === undefined ? "" : shown(old), after: "" }];
    if (old === undefined) return [{ kind: "added", path: place, before: "", after: shown(now) }];
    return changes(old, now, place);
  });
}

function keysOf(before: JsonObject, after: JsonObject): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

function shown(value: Json): string {
  const text = writeJson(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
