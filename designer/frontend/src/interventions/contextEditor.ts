/** The context of an intervention as text: an edit becomes a patch, and its changes are listed. */
import { element, find, mustFind, setText } from "../shared/dom";
import { isObject, readJson, writeJson, type Json, type JsonObject } from "../shared/json";
import { changes, diffPatch, mergePatch, type Change } from "./mergePatch";

const CHANGES_SHOWN_MAX = 50;

interface Fields {
  readonly context: HTMLTextAreaElement;
  readonly patch: HTMLTextAreaElement;
  readonly error: HTMLElement;
  readonly list: HTMLElement;
}

export function startEditor(root: ParentNode): void {
  const box = find(root, "[data-patch]");
  const patch = box && find<HTMLTextAreaElement>(box, "textarea[name=patch]");
  const context = box && find<HTMLTextAreaElement>(box, "[data-slot=context]");
  if (!box || !patch || !context) return;
  const before = parsed(context.value);
  if (typeof before === "string" || !isObject(before.value)) return;
  const fields: Fields = { context, patch, error: mustFind(box, "[data-slot=context-error]"), list: mustFind(box, "[data-slot=changes]") };
  const original = before.value;
  mustFind(box, "[data-slot=context-field]").hidden = false;
  if (patch.value.trim()) fromPatch(fields, original);
  context.addEventListener("input", () => fromContext(fields, original));
  patch.addEventListener("input", () => fromPatch(fields, original));
}

function fromContext(fields: Fields, original: JsonObject): void {
  const found = parsed(fields.context.value);
  const problem = typeof found === "string" ? found : isObject(found.value) ? "" : "The context must be a JSON object.";
  say(fields, problem);
  if (typeof found === "string" || !isObject(found.value)) return;
  const patch = diffPatch(original, found.value);
  fields.patch.value = Object.keys(patch).length ? writeJson(patch, 2) : "";
  show(fields.list, changes(original, mergePatch(original, patch)));
}

function fromPatch(fields: Fields, original: JsonObject): void {
  const found = parsed(fields.patch.value.trim() || "{}");
  if (typeof found === "string" || !isObject(found.value)) return;
  const after = mergePatch(original, found.value);
  fields.context.value = writeJson(after, 2);
  say(fields, "");
  show(fields.list, changes(original, after));
}

/** The value in `text`, or why it is none. */
function parsed(text: string): { value: Json } | string {
  try {
    return { value: readJson(text) };
  } catch (error) {
    return `This is not JSON yet: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function say({ context, error }: Fields, problem: string): void {
  context.setCustomValidity(problem);
  error.hidden = !problem;
  setText(error, problem);
}

export function show(list: HTMLElement, found: readonly Change[]): void {
  const items = found.slice(0, CHANGES_SHOWN_MAX).map(item);
  const more = found.length - items.length;
  if (more > 0) items.push(element("li", "", `and ${more} more`));
  list.replaceChildren(...(items.length ? [element("ul", "changes", ...items)] : []));
}

function item(change: Change): HTMLElement {
  const parts: (Node | string)[] = [element("span", "code", change.path)];
  if (change.before) parts.push(" ", element("del", "code", change.before));
  if (change.after) parts.push(" ", element("ins", "code", change.after));
  const made = element("li", "", ...parts);
  made.dataset.kind = change.kind;
  return made;
}
