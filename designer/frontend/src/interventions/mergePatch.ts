/** JSON merge patches (RFC 7396) and differences, as `runs.machine.scope` and `runs.differences`. Pure. */

export type Json = null | boolean | number | string | Json[] | Members;
export interface Members {
  [key: string]: Json;
}

export interface Change {
  readonly kind: "added" | "removed" | "changed";
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

const SHOWN_MAX = 300;

export function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isMembers(patch)) return patch;
  const result: Members = isMembers(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** The patch that makes `after` out of `before`. A patch cannot set a key to null: such keys are taken out. */
export function diffPatch(before: Members, after: Members): Members {
  const patch: Members = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[key], after[key]];
    if (now === undefined || now === null) {
      if (old !== undefined && old !== now) patch[key] = null;
    } else if (isMembers(old) && isMembers(now)) {
      const inner = diffPatch(old, now);
      if (Object.keys(inner).length) patch[key] = inner;
    } else if (!same(old, now)) patch[key] = now;
  }
  return patch;
}

export function changes(before: Json, after: Json, path = ""): Change[] {
  if (!isMembers(before) || !isMembers(after)) {
    return same(before, after) ? [] : [{ kind: "changed", path: path || "(everything)", before: shown(before), after: shown(after) }];
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): Change[] => {
    const [place, old, now] = [path ? `${path}.${key}` : key, before[key], after[key]];
    if (now === undefined) return [{ kind: "removed", path: place, before: old === undefined ? "" : shown(old), after: "" }];
    if (old === undefined) return [{ kind: "added", path: place, before: "", after: shown(now) }];
    return changes(old, now, place);
  });
}

export function same(a: Json | undefined, b: Json | undefined): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: Json | undefined): string {
  return value === undefined ? "" : JSON.stringify(value, (_key, part: Json) =>
    isMembers(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part);
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
