/**
 * JSON as a tree that opens level by level; children are drawn when they are first shown. Very many children
 * stand in ranges that open in turn, and a long text is shown in parts: all of it can be reached, little is drawn.
 */
import { element } from "./dom";
import { isNumber, isObject, jsonIn, writeJson } from "./json";
import { present } from "./present";

const CHILDREN_SHOWN_MAX = 100;
const TEXT_SHOWN_MAX = 2_000;
const TEXT_PART = 20_000;
const OPEN_DEPTH = 2;
const OPEN_CHILDREN_MAX = 30;

export function showJson(target: HTMLElement, value: unknown): void {
  target.replaceChildren(branchOrLeaf(value, null, 0));
}

/** Replaces `<pre data-json>` elements by trees of the JSON that they hold. */
export function upgradeJson(root: ParentNode): void {
  for (const source of root.querySelectorAll<HTMLElement>("pre[data-json]")) {
    const value = jsonIn(source.textContent);
    if (value === undefined) continue;
    const tree = element("div", source.className);
    showJson(tree, value);
    source.replaceWith(tree);
  }
}

function branchOrLeaf(value: unknown, key: string | null, depth: number): HTMLElement {
  const isBranch = (isObject(value) || Array.isArray(value)) && Object.keys(value).length > 0;
  return isBranch ? branch(value, key, depth) : leaf(value, key);
}

function branch(value: object, key: string | null, depth: number): HTMLElement {
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  const details = document.createElement("details");
  const size = element("span", "count", isList ? `[${entries.length}]` : `{${entries.length}}`);
  details.append(element("summary", "", ...label(key), size));
  const draw = (): void => {
    if (details.childElementCount === 1) details.append(children(entries, depth));
  };
  details.addEventListener("toggle", draw);
  if (depth < OPEN_DEPTH && entries.length <= OPEN_CHILDREN_MAX) {
    draw();
    details.open = true;
  }
  return details;
}

type Entry = [key: string, value: unknown];

function children(entries: readonly Entry[], depth: number): HTMLElement {
  if (entries.length > CHILDREN_SHOWN_MAX) return element("div", "", ...ranges(entries, depth));
  return element("div", "", ...entries.map(([key, value]) => branchOrLeaf(value, key, depth + 1)));
}

/** At most 100 ranges, each of 100 children or of that many ranges again. */
function ranges(entries: readonly Entry[], depth: number): HTMLElement[] {
  let size = CHILDREN_SHOWN_MAX;
  while (entries.length / size > CHILDREN_SHOWN_MAX) size *= CHILDREN_SHOWN_MAX;
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, place) => range(entries.slice(place * size, (place + 1) * size), depth));
}

function range(entries: readonly Entry[], depth: number): HTMLElement {
  const details = document.createElement("details");
  const [first, last] = [present(entries[0])[0], present(entries.at(-1))[0]];
  details.append(element("summary", "", element("span", "count", first === last ? first : `${first} … ${last}`)));
  details.addEventListener("toggle", () => {
    if (details.childElementCount === 1) details.append(children(entries, depth));
  });
  return details;
}

function leaf(value: unknown, key: string | null): HTMLElement {
  return element("div", "leaf", ...label(key), scalar(value));
}

function label(key: string | null): (Node | string)[] {
  return key === null ? [] : [element("span", "key", key), ": "];
}

function scalar(value: unknown): HTMLElement {
  if (typeof value === "string") return textValue(value);
  if (isNumber(value)) return element("span", "number", String(value));
  if (isObject(value) || Array.isArray(value)) return element("span", "count", Array.isArray(value) ? "[ ]" : "{ }");
  return element("span", "word", String(value));
}

function textValue(value: string): HTMLElement {
  const made = element("span", "text", writeJson(value.slice(0, wholeEnd(value, TEXT_SHOWN_MAX))));
  if (value.length > TEXT_SHOWN_MAX) made.append(moreText(value));
  return made;
}

/** Shows a text part by part: one of a million characters at once would hold up the page. */
function moreText(value: string): HTMLElement {
  const button = element("button", "btn btn-xs ml-2");
  button.setAttribute("type", "button");
  let end = wholeEnd(value, TEXT_SHOWN_MAX);
  const say = (): void => { button.textContent = `Show more: ${(value.length - end).toLocaleString()} characters are left`; };
  button.addEventListener("click", () => {
    const next = wholeEnd(value, end + TEXT_PART);
    button.before(element("span", "part", writeJson(value.slice(end, next)).slice(1, -1)));
    end = next;
    if (end >= value.length) button.remove();
    else say();
  });
  say();
  return button;
}

/** An end that does not cut a character in two. */
const wholeEnd = (value: string, end: number): number => (/[\ud800-\udbff]/.test(value.charAt(end - 1)) ? end + 1 : end);
