/** JSON as a tree that opens level by level; children are drawn when they are first shown. */
import { element } from "./dom";

const CHILDREN_SHOWN_MAX = 100;
const TEXT_SHOWN_MAX = 2_000;
const OPEN_DEPTH = 2;
const OPEN_CHILDREN_MAX = 30;

export function showJson(target: HTMLElement, value: unknown): void {
  target.replaceChildren(branchOrLeaf(value, null, 0));
}

/** Replaces `<pre data-json>` elements by trees of the JSON that they hold. */
export function upgradeJson(root: ParentNode): void {
  for (const source of root.querySelectorAll<HTMLElement>("pre[data-json]")) {
    const value = parse(source.textContent ?? "");
    if (value === undefined) continue;
    const tree = element("div", source.className);
    showJson(tree, value);
    source.replaceWith(tree);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function branchOrLeaf(value: unknown, key: string | null, depth: number): HTMLElement {
  const isBranch = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  return isBranch ? branch(value, key, depth) : leaf(value, key);
}

function branch(value: object, key: string | null, depth: number): HTMLElement {
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  const details = document.createElement("details");
  const size = element("span", "count", isList ? `[${entries.length}]` : `{${entries.length}}`);
  details.append(element("summary", "", ...label(key), size));
  const draw = (): void => {
    if (details.childElementCount === 1) details.append(children(entries, isList, depth, 0));
  };
  details.addEventListener("toggle", draw);
  if (depth < OPEN_DEPTH && entries.length <= OPEN_CHILDREN_MAX) {
    draw();
    details.open = true;
  }
  return details;
}

function children(entries: [string, unknown][], isList: boolean, depth: number, from: number): HTMLElement {
  const box = element("div");
  const shown = entries.slice(from, from + CHILDREN_SHOWN_MAX);
  box.append(...shown.map(([key, value]) => branchOrLeaf(value, isList ? `${key}` : key, depth + 1)));
  const next = from + CHILDREN_SHOWN_MAX;
  if (next < entries.length) box.append(moreButton(entries.length - next, (button) => {
    button.replaceWith(...children(entries, isList, depth, next).childNodes);
  }));
  return box;
}

function moreButton(left: number, show: (button: HTMLElement) => void): HTMLElement {
  const button = element("button", "link leaf", `${left} more`);
  button.setAttribute("type", "button");
  button.addEventListener("click", () => show(button));
  return button;
}

function leaf(value: unknown, key: string | null): HTMLElement {
  return element("div", "leaf", ...label(key), scalar(value));
}

function label(key: string | null): (Node | string)[] {
  return key === null ? [] : [element("span", "key", key), ": "];
}

function scalar(value: unknown): HTMLElement {
  if (typeof value === "string") return textValue(value);
  if (typeof value === "number") return element("span", "number", String(value));
  if (typeof value === "object" && value !== null) return element("span", "count", Array.isArray(value) ? "[ ]" : "{ }");
  return element("span", "word", String(value));
}

function textValue(value: string): HTMLElement {
  const quoted = JSON.stringify(value.slice(0, TEXT_SHOWN_MAX));
  const rest = value.length - TEXT_SHOWN_MAX;
  const made = element("span", "text", quoted);
  if (rest > 0) made.append(moreButton(rest, () => made.replaceChildren(JSON.stringify(value))));
  return made;
}
