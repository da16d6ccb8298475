/** Changes of a JSON value at a place. What lies beside the place stays the same object. Pure. */
import { isObject, memberOf, type Json } from "../shared/json";

export type Place = readonly (string | number)[];

export function at(value: Json | undefined, place: Place): Json | undefined {
  return place.reduce<Json | undefined>((inner, key) => {
    if (typeof key === "number") return Array.isArray(inner) ? (inner as readonly Json[])[key] : undefined;
    return isObject(inner) ? memberOf(inner, key) : undefined;
  }, value);
}

/** Puts a value at a place, and what is missing on the way to it; undefined takes a member or an item out. */
export function put(value: Json | undefined, place: Place, next: Json | undefined): Json | undefined {
  const [key, ...rest] = place;
  if (key === undefined) return next;
  if (typeof key === "number") {
    const items: readonly Json[] = Array.isArray(value) ? value : [];
    const inner = put(items[key], rest, next);
    return inner === undefined ? items.toSpliced(key, 1) : key < items.length ? items.with(key, inner) : [...items, inner];
  }
  const members = isObject(value) ? value : {};
  const inner = put(memberOf(members, key), rest, next);
  if (inner !== undefined) return { ...members, [key]: inner };
  const { [key]: _, ...others } = members;
  return others;
}

export function moved(items: readonly Json[], from: number, to: number): readonly Json[] {
  const item = items[from];
  return item === undefined || to < 0 || to >= items.length ? items : items.toSpliced(from, 1).toSpliced(to, 0, item);
}

/** A place as a JSON Pointer (RFC 6901), as problems name it. */
export function pointerOf(place: Place): string {
  return place.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** How many values there are; counts to `most` at least, and stops soon after it. */
export function sizeOf(value: Json, most: number): number {
  let size = 0;
  const waiting: Json[] = [value];
  for (let next = waiting.pop(); next !== undefined && size <= most; next = waiting.pop()) {
    size += 1;
    if (Array.isArray(next)) waiting.push(...(next as readonly Json[]).slice(0, most + 1));
    else if (isObject(next)) waiting.push(...Object.values(next).slice(0, most + 1));
  }
  return size;
}
