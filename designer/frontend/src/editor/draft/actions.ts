/** Every act of the author, made of commands on the draft, the choice on the canvas and the view over it. */
import type { Dispatch, SetStateAction } from "react";
import { arranged } from "../../graph/model/arrange";
import { stepOf, type Block } from "../../graph/model/catalog";
import { adopted, clipOf, graft, isWhole, placesIn, readClip, type Target } from "../model/clipboard";
import { duplicateOf, freeName, type Command } from "../model/commands";
import { idsOf, stepsOf, textOf, type Edge, type JsonObject, type Place, type Step } from "../../graph/model/document";
import { edgeViews, NODE_WIDTH } from "../../graph/model/nodes";
import { spotOf, type Problem } from "../../graph/model/problems";
import { refusalOf } from "../model/rules";
import type { Chosen } from "../canvas/Board";
import type { Camera } from "../../graph/view/useCamera";
import type { Design } from "./useDesign";

export const NOTHING: Chosen = { steps: new Set(), edges: new Set() };
const BESIDE = 64;
const NO_MARKS = new Map<string, never>();

/** What the acts work on. */
export interface Setting {
  readonly design: Design;
  readonly camera: Camera;
  readonly blocks: readonly Block[];
  readonly places: Readonly<Record<string, Place>> | null;
  readonly ids: readonly string[];
  readonly chosen: Chosen;
  /** The place in the document of the one chosen step; -1 when it is not one. */
  readonly step: number;
  readonly choose: Dispatch<SetStateAction<Chosen>>;
  /** A word to the author about a refused act. */
  readonly tell: (word: string) => void;
}
export type Acts = ReturnType<typeof actsOf>;

export function actsOf(setting: Setting) {
  return { ...choosing(setting), ...adding(setting), ...changing(setting), ...travelling(setting) };
}

/** Applies a command; edits of one topic in a row are one step back. */
export function perform({ design, tell }: Setting, command: Command, topic = ""): void {
  tell("");
  design.do(command, topic);
}

function choosing({ design, camera, ids, chosen, choose }: Setting) {
  const chooseSteps = (names: readonly string[]): void => choose({ steps: new Set(names), edges: new Set() });
  const chooseEdge = (index: number): void => {
    const view = edgeViews(design.document, NO_MARKS).find((one) => one.index === index);
    if (view) choose({ steps: new Set(), edges: new Set([view.id]) });
  };
  /** Chooses a step and brings it into view. */
  const show = (id: string): void => {
    chooseSteps([id]);
    camera.fit([id]);
  };
  /** Goes to the place of a problem. */
  const go = (problem: Problem): void => {
    const spot = spotOf(problem);
    if (spot.on === "workflow") choose(NOTHING);
    else if (spot.on === "edge") chooseEdge(spot.index);
    else if (ids[spot.index] !== undefined) show(ids[spot.index]!);
  };
  const chooseAll = (): void => chooseSteps(ids);
  /** Adds a step to what is chosen, or takes it away. */
  const toggle = (id: string): void => {
    const next = new Set(chosen.steps);
    if (!next.delete(id)) next.add(id);
    choose({ steps: next, edges: new Set() });
  };
  return { chooseSteps, chooseEdge, show, go, chooseAll, toggle };
}

function adding(setting: Setting) {
  const { design, camera, blocks, places, ids, chosen, step } = setting;
  const { chooseSteps } = choosing(setting);
  /** A new step of a block, right of the chosen one and led to from it. */
  const addBeside = (block: Block): void => {
    const before = step >= 0 && !ids[step]!.startsWith("#") ? ids[step]! : null;
    const beside = besides(places ?? {}, before);
    if (block.steps) return take(setting, block.steps, { place: beside, after: before });
    const name = freeName(block.worker ?? block.kind, ids);
    perform(setting, { do: "add", steps: [stepOf(block, name)], edges: before ? [{ from: before, to: name }] : [], layout: { ...places, [name]: beside } });
    chooseSteps([name]);
    camera.fit();
  };
  const drop = (key: string, place: Place, onEdge: string | null): void => {
    const block = blocks.find((one) => one.key === key);
    if (!block) return;
    if (block.steps) return take(setting, block.steps, { place, edge: onEdge === null ? null : indexOf(onEdge) });
    const name = freeName(block.worker ?? block.kind, ids);
    const added = stepOf(block, name);
    if (onEdge !== null) perform(setting, { do: "insert", step: added, edge: indexOf(onEdge), place });
    else perform(setting, { do: "add", steps: [added], layout: { ...places, [name]: place } });
    chooseSteps([name]);
  };
  const duplicate = (): void => {
    const names = ids.filter((id) => chosen.steps.has(id) && !id.startsWith("#"));
    if (!names.length) return;
    const command = duplicateOf(design.document, names, places ?? {});
    perform(setting, { ...command, layout: { ...places, ...command.layout } });
    chooseSteps(command.steps.map(({ name }) => textOf(name)));
  };
  return { addBeside, drop, duplicate };
}

function changing(setting: Setting) {
  const { design, camera, places, chosen, choose, tell } = setting;
  const { document } = design;
  const act = (command: Command, topic = ""): void => perform(setting, command, topic);
  const remove = (names: readonly string[], lines: readonly string[]): void => {
    act({ do: "remove", steps: names, edges: lines.map(indexOf) });
    choose(NOTHING);
  };
  const putStep = (index: number, next: Step, topic: string): void => {
    act({ do: "putStep", index, step: next }, `step ${index} ${topic}`);
    const ids = idsOf(stepsOf(document).map((one, place) => (place === index ? next : one)));
    choose({ steps: new Set([ids[index]!]), edges: new Set() });
  };
  const arrange = (): void => camera.during(arranged(document).then((layout) => {
    act({ do: "move", layout });
    camera.fit();
  }, ({ message }: Error) => tell(message)));
  const connect = (from: string, to: string): void => {
    const reason = refusalOf(document, from, to);
    if (reason) tell(reason);
    else act({ do: "connect", ends: [from, to] });
  };
  /** All edges in another order; the chosen one stays chosen. */
  const reorder = (edges: readonly Edge[], index: number): void => {
    act({ do: "putFields", fields: { edges } });
    const view = edgeViews({ ...document, edges }, NO_MARKS).find((one) => one.index === index);
    if (view) choose({ steps: new Set(), edges: new Set([view.id]) });
  };
  const move = (layout: Readonly<Record<string, Place>>): void => act({ do: "move", layout: { ...places, ...layout } });
  /** Moves the chosen steps on the canvas. */
  const nudge = (dx: number, dy: number): void => {
    const moved = Object.entries(places ?? {}).filter(([id]) => chosen.steps.has(id));
    act({ do: "move", layout: { ...places, ...Object.fromEntries(moved.map(([id, [x, y]]) => [id, [x + dx, y + dy] as const])) } }, `nudge ${[...chosen.steps].join(" ")}`);
  };
  return { act, nudge, remove, removeChosen: () => remove([...chosen.steps], [...chosen.edges]), putStep, arrange, connect, reorder, move };
}

function travelling(setting: Setting) {
  const { design, places, ids, chosen, choose, tell } = setting;
  const named = new Set(ids.filter((id) => chosen.steps.has(id) && !id.startsWith("#")));
  /** The chosen steps as a text, or null when there are none. */
  const copy = (): string | null => {
    if (!named.size) return null;
    tell(`${named.size} step${named.size > 1 ? "s" : ""} copied.`);
    return JSON.stringify(clipOf(design.document, named, places ?? {}), null, 2);
  };
  const cut = (): string | null => {
    const text = copy();
    if (text === null) return null;
    perform(setting, { do: "remove", steps: [...named], edges: [] });
    choose(NOTHING);
    return text;
  };
  /** Adds the steps of a text; a whole workflow fills an empty draft. */
  const paste = (text: string): void => {
    const clip = readClip(text);
    if (!clip) tell("There are no steps in what was pasted.");
    else if (isWhole(clip) && !ids.length) perform(setting, { do: "replace", document: adopted(design.document, clip) });
    else take(setting, clip, {});
  };
  return { copy, cut, paste, takeSteps: (clip: JsonObject) => take(setting, clip, {}) };
}

/** Adds several steps at once, in places of their own, and chooses them. */
function take(setting: Setting, clip: JsonObject, target: Target): void {
  const { design, camera, places, choose, tell } = setting;
  const put = (own: Readonly<Record<string, Place>>): void => {
    const command = graft(design.document, clip, own, places ?? {}, target);
    perform(setting, { ...command, layout: { ...places, ...command.layout } });
    choose({ steps: new Set(command.steps.map(({ name }) => textOf(name))), edges: new Set() });
    camera.fit();
  };
  const known = placesIn(clip);
  if (known) put(known);
  else camera.during(arranged(clip).then(put, ({ message }: Error) => tell(message)));
}

/** Place in the document of an edge of the canvas. */
export function indexOf(edge: string): number {
  return Number(edge.split(":")[0]);
}

/** Right of the given step, or of everything. */
function besides(places: Readonly<Record<string, Place>>, id: string | null): Place {
  const start = id ? places[id] : Object.values(places).reduce<Place | undefined>((most, place) => (most && most[0] >= place[0] ? most : place), undefined);
  if (!start) return [0, 0];
  const taken = new Set(Object.values(places).map(([x, y]) => `${x} ${y}`));
  const x = start[0] + NODE_WIDTH + BESIDE;
  let y = start[1];
  while (taken.has(`${x} ${y}`)) y += 170;
  return [x, y];
}
