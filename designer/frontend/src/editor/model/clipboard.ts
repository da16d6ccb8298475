/** Copies steps as JSON text and pastes them: elsewhere, in another tab or in another workflow. Pure. */
import { readJson } from "../../shared/json";
import { present } from "../../shared/present";
import { freeName, type Command } from "./commands";
import { followingEdge, followingStep, readBy } from "./references";
import { edgesOf, idsOf, isObject, stepsOf, textOf, type Document, type Edge, type JsonObject, type Place, type Places, type Step } from "../../graph/model/document";
import { NODE_HEIGHT } from "../../graph/model/nodes";

const OF_ITS_OWN = ["schema", "name", "title", "steps", "edges", "layout"];
const ROOM = 40;

export interface Target {
  /** The upper left corner; else where the steps stood, or below everything if something stands there. */
  readonly place?: Place;
  /** The steps follow this one … */
  readonly after?: string | null;
  /** … or stand between the ends of this edge. */
  readonly edge?: number | null;
}

/** The chosen steps, the edges among them, and their places. */
export function clipOf(document: Document, chosen: ReadonlySet<string>, places: Places): JsonObject {
  const ids = idsOf(stepsOf(document));
  const steps = stepsOf(document).filter((_, index) => chosen.has(present(ids[index])));
  const names = new Set(steps.map(({ name }) => textOf(name)));
  const edges = edgesOf(document).filter((edge) => names.has(textOf(edge.from)) && names.has(textOf(edge.to)));
  const layout = Object.fromEntries([...places].filter(([name]) => names.has(name)));
  return { steps, edges, layout };
}

/** The steps that a text holds, alone or as a whole workflow; null for any other text. */
export function readClip(text: string): JsonObject | null {
  if (!text.trimStart().startsWith("{")) return null;
  try {
    const value = readJson(text);
    return isObject(value) && Array.isArray(value.steps) && value.steps.length && value.steps.every(isObject) ? value : null;
  } catch {
    return null;
  }
}

/** The command that adds the steps under free names. `places` are those of the clip, `taken` those of the document. */
export function graft(document: Document, clip: JsonObject, places: Places, taken: Places, target: Target = {}): Command & { do: "add" } {
  const names = freeNames(document, clip);
  const known = new Map(idsOf(stepsOf(clip)).map((id, index) => [id, present(names[index])]));
  const steps = stepsOf(clip).map((step, index) => ({ ...followingStep(step, known), name: present(names[index]) }));
  const inner = edgesOf(clip).flatMap((edge): Edge[] => {
    const [from, to] = [known.get(textOf(edge.from)), known.get(textOf(edge.to))];
    return from && to ? [{ ...followingEdge(edge, known), from, to }] : [];
  });
  const [dx, dy] = shift(places, taken, target.place);
  const layout = new Map([...places].flatMap(([id, [x, y]]) => {
    const name = known.get(id);
    return name ? [[name, [x + dx, y + dy] as const] as const] : [];
  }));
  const instead = target.edge ?? null;
  const around = joints(instead === null ? null : edgesOf(document)[instead] ?? null, target.after ?? null, names, inner);
  return { do: "add", steps, edges: [...inner, ...around], layout, ...(instead !== null && { instead }) };
}

/** What copies still read of the originals, in words; empty where they read nothing that was not copied too. */
export function stillRead(document: Document, copies: readonly Step[]): string {
  const [there, own] = [new Set(idsOf(stepsOf(document))), new Set(copies.map(({ name }) => textOf(name)))];
  const texts = copies.flatMap((step) => {
    const names = [...readBy(step)].filter((name) => there.has(name) && !own.has(name));
    return names.length ? [`${textOf(step.name)} still reads ${names.join(", ")}`] : [];
  });
  return texts.length ? `${texts.join("; ")}: not copied, so it is the original.` : "";
}

/** Everything of a whole workflow, under the name and title of the draft that it comes into. */
export function adopted(document: Document, whole: JsonObject): Document {
  const own = Object.fromEntries(["schema", "name", "title"].flatMap((key) => (document[key] === undefined ? [] : [[key, document[key]]])));
  return { ...whole, ...own };
}

/** Whether a clip is a whole workflow: it has fields beside steps, edges and layout. */
export function isWhole(clip: JsonObject): boolean {
  return Object.hasOwn(clip, "schema") || Object.keys(clip).some((key) => !OF_ITS_OWN.includes(key));
}

function freeNames(document: Document, clip: JsonObject): string[] {
  const taken = new Set(idsOf(stepsOf(document)));
  return stepsOf(clip).map((step: Step) => {
    const name = freeName(textOf(step.name) || "step", taken);
    taken.add(name);
    return name;
  });
}

/** Edges into the steps that nothing leads to, and out of those that lead nowhere. */
function joints(edge: Edge | null, after: string | null, names: readonly string[], inner: readonly Edge[]): Edge[] {
  const first = names.filter((name) => !inner.some(({ to }) => to === name));
  const last = names.filter((name) => !inner.some(({ from }) => from === name));
  if (edge) return [...first.map((to) => ({ ...edge, to })), ...last.map((from) => ({ from, to: edge.to ?? "" }))];
  return after ? first.map((to) => ({ from: after, to })) : [];
}

function shift(places: Places, taken: Places, wanted: Place | undefined): Place {
  const own = [...places.values()];
  if (!own.length) return [0, 0];
  const [left, top] = [Math.min(...own.map(([x]) => x)), Math.min(...own.map(([, y]) => y))];
  if (wanted) return [wanted[0] - left, wanted[1] - top];
  const others = [...taken.values()];
  const isFree = !own.some(([x, y]) => others.some(([ox, oy]) => Math.abs(x - ox) < 200 && Math.abs(y - oy) < NODE_HEIGHT));
  return isFree ? [0, 0] : [0, Math.max(...others.map(([, y]) => y)) + NODE_HEIGHT + ROOM - top];
}
