/** The author's actions: each combines commands on the draft, the selection and the view. */
import { writeJson } from "../../shared/json";
import { present } from "../../shared/present";
import type { Dispatch, SetStateAction } from "react";
import { arranged } from "../../graph/layout/arrange";
import type { Direction } from "../../graph/layout/direction";
import { nameOf, stepOf, type Block } from "../../graph/model/catalog";
import { adopted, clipOf, graft, isWhole, readClip, stillRead, type Target } from "../model/clipboard";
import { duplicateOf, freeName, type Command } from "../model/commands";
import { bodyOf, graphAt, standingWay, wayOf, wayTo, type Way } from "../../graph/model/bodies";
import { edgesOf, idsOf, same, stepsOf, textOf, type Document, type Edge, type JsonObject, type Place, type Places, type Step } from "../../graph/model/document";
import { edgeViews, placesIn } from "../../graph/model/nodes";
import { spotOf, type Problem } from "../../graph/model/problems";
import { placeAfter, roomOn } from "../../graph/layout/room";
import { refusalOf } from "../model/rules";
import { NOTHING, type Selection } from "./selection";
import type { Camera } from "../../graph/view/useCamera";
import type { Design } from "./useDesign";

/** Loaded when it is first used, as few drafts need it at once. */
const loadGrouping = () => import("../model/grouping");
const NO_MARKS = new Map<string, never>();
const NOWHERE: Places = new Map();

/** What actions work on. */
export interface ActionContext {
  readonly design: Design;
  readonly camera: Camera;
  readonly blocks: readonly Block[];
  readonly places: Places | null;
  readonly ids: readonly string[];
  readonly chosen: Selection;
  /** The place in the document of the one chosen step; -1 when it is not one. */
  readonly step: number;
  readonly choose: Dispatch<SetStateAction<Selection>>;
  /** Shows a notice to the author, such as why an action was refused. */
  readonly notify: (word: string) => void;
  /** The whole workflow; `design` is the graph of it that is open. */
  readonly whole: Design;
  /** The way to the open graph. */
  readonly way: Way;
  readonly goInto: (way: Way) => void;
  /** The direction in which the open graph leads. */
  readonly direction: Direction;
  /** Remembers the direction that the author prefers. */
  readonly turn: (direction: Direction) => void;
}
export type Actions = ReturnType<typeof actionsOf>;

export function actionsOf(context: ActionContext) {
  return { ...choosing(context), ...adding(context), ...threading(context), ...changing(context), ...copying(context), ...nesting(context), ...grouping(context) };
}

/** Applies a command; consecutive edits of one topic are undone as one. */
export function perform({ design, notify }: ActionContext, command: Command, topic = ""): void {
  notify("");
  design.do(command, topic);
}

function choosing({ design, camera, ids, chosen, choose, whole, way, goInto }: ActionContext) {
  const chooseSteps = (names: readonly string[]): void => choose({ steps: new Set(names), edges: new Set() });
  const chooseEdge = (index: number): void => {
    const view = edgeViews(design.document, NO_MARKS).find((edge) => edge.index === index);
    if (view) choose({ steps: new Set(), edges: new Set([view.id]) });
  };
  /** Chooses a step and brings it into view. */
  const show = (id: string): void => {
    chooseSteps([id]);
    camera.fit([id]);
  };
  /** Goes to the place of a problem of the whole workflow; gives the problem as the graph there has it. */
  const go = (problem: Problem): Problem => {
    const [there, inner] = wayTo(whole.document, problem);
    const graph = graphAt(whole.document, there);
    const isHere = same(there, way);
    if (!isHere) goInto(there);
    const spot = spotOf(inner);
    const edge = spot.on === "edge" ? edgeViews(graph, NO_MARKS).find(({ index }) => index === spot.index) : undefined;
    const id = spot.on === "step" ? idsOf(stepsOf(graph))[spot.index] : undefined;
    choose({ steps: new Set(id === undefined ? [] : [id]), edges: new Set(edge ? [edge.id] : []) });
    if (isHere && id !== undefined) camera.fit([id]);
    return inner;
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

function adding(context: ActionContext) {
  const { design, camera, places, ids, chosen, step } = context;
  const { chooseSteps } = choosing(context);
  /** A new step of a block, right of the chosen one and led to from it. */
  const addBeside = (block: Block): void => {
    const chosenId = ids[step] ?? "#";
    const before = chosenId.startsWith("#") ? null : chosenId;
    const beside = placeAfter(places ?? NOWHERE, before, context.direction);
    if (block.steps) return take(context, block.steps, { place: beside, after: before });
    const name = freeName(nameOf(block), ids);
    perform(context, { do: "add", steps: [stepOf(block, name)], edges: before ? [{ from: before, to: name }] : [], layout: placed(places, [[name, beside]]) });
    chooseSteps([name]);
    camera.fit();
  };
  const drop = (block: Block, place: Place, onEdge: string | null): void => {
    if (block.steps) return take(context, block.steps, { place, edge: onEdge === null ? null : indexOf(onEdge) });
    const name = freeName(nameOf(block), ids);
    const added = stepOf(block, name);
    const edge = onEdge === null ? undefined : edgesOf(design.document)[indexOf(onEdge)];
    if (onEdge !== null && edge) {
      const room = roomOn(places ?? NOWHERE, edge, place, context.direction);
      perform(context, { do: "insert", step: added, edge: indexOf(onEdge), layout: placed(places, [...room.moved, [name, room.place]]) });
    }
    else perform(context, { do: "add", steps: [added], layout: placed(places, [[name, place]]) });
    chooseSteps([name]);
  };
  const duplicate = (): void => {
    const names = ids.filter((id) => chosen.steps.has(id) && !id.startsWith("#"));
    if (!names.length) return;
    const command = duplicateOf(design.document, names, places ?? NOWHERE);
    perform(context, { ...command, layout: placed(places, command.layout ?? []) });
    context.notify(stillRead(design.document, command.steps));
    chooseSteps(command.steps.map(({ name }) => textOf(name)));
  };
  return { addBeside, drop, duplicate };
}

/** Puts a step that is there on an edge. */
function threading(context: ActionContext) {
  const { design, places } = context;
  const putOn = (onEdge: string, name: string, place: Place): void => {
    const edge = edgesOf(design.document)[indexOf(onEdge)];
    if (!edge) return;
    const others = new Map([...(places ?? NOWHERE)].filter(([id]) => id !== name));
    const room = roomOn(others, edge, place, context.direction);
    perform(context, { do: "putBetween", step: name, edge: indexOf(onEdge), layout: placed(places, [...room.moved, [name, room.place]]) });
  };
  return { putOn };
}

function changing(context: ActionContext) {
  const { design, camera, places, chosen, choose, notify } = context;
  const { document } = design;
  const apply = (command: Command, topic = ""): void => perform(context, command, topic);
  const remove = (names: readonly string[], lines: readonly string[]): void => {
    apply({ do: "remove", steps: names, edges: lines.map(indexOf) });
    choose(NOTHING);
  };
  const putStep = (index: number, next: Step, topic: string): void => {
    apply({ do: "putStep", index, step: next }, `step ${index} ${topic}`);
    const ids = idsOf(stepsOf(document).map((step, place) => (place === index ? next : step)));
    choose({ steps: new Set([present(ids[index])]), edges: new Set() });
  };
  /** Gives every step a new place, in the direction of now or in another one, which is remembered. */
  const arrange = (direction = context.direction): void => {
    context.turn(direction);
    camera.during(arranged(document, direction).then((layout) => {
      apply({ do: "move", layout });
      camera.fit();
    }, (error: unknown) => notify(messageOf(error))));
  };
  const connect = (from: string, to: string, isError = false): void => {
    const reason = refusalOf(document, from, to, isError);
    if (reason) notify(reason);
    else apply({ do: "connect", ends: [from, to], isError });
  };
  /** All edges in another order; the chosen one stays chosen. */
  const reorder = (edges: readonly Edge[], index: number): void => {
    apply({ do: "putFields", fields: { edges } });
    const view = edgeViews({ ...document, edges }, NO_MARKS).find((edge) => edge.index === index);
    if (view) choose({ steps: new Set(), edges: new Set([view.id]) });
  };
  const move = (layout: Places): void => apply({ do: "move", layout: placed(places, layout) });
  /** Moves the chosen steps on the canvas. */
  const nudge = (dx: number, dy: number): void => {
    const moved = [...(places ?? [])].filter(([id]) => chosen.steps.has(id));
    apply({ do: "move", layout: placed(places, moved.map(([id, [x, y]]) => [id, [x + dx, y + dy] as const])) }, `nudge ${[...chosen.steps].join(" ")}`);
  };
  return { apply, nudge, remove, removeChosen: () => remove([...chosen.steps], [...chosen.edges]), putStep, arrange, connect, reorder, move };
}

/** Into the bodies of steps and out of them. */
function nesting(context: ActionContext) {
  const { camera, choose, notify, whole, way, goInto } = context;
  const open = (next: Way, steps: readonly string[]): void => {
    notify("");
    goInto(next);
    choose({ steps: new Set(steps), edges: new Set() });
  };
  /** Into the body of a step of this graph, or of one in an unfolded body, with one of its steps chosen. */
  const enter = (id: string, inner?: string): void => {
    const next = [...way, ...wayOf(id)];
    if (standingWay(whole.document, next).length === next.length) open(next, inner === undefined ? [] : [inner]);
  };
  /** Goes out to the graph that so many steps lead to, and chooses the step that was left. */
  const leave = (depth = way.length - 1): void => {
    if (depth >= 0 && depth < way.length) open(way.slice(0, depth), way.slice(depth, depth + 1));
  };
  /** Another document in place of the whole draft. */
  const replaceAll = (next: Document): void => {
    open([], []);
    whole.do({ do: "replace", document: next });
    camera.fit();
  };
  return { enter, leave, replaceAll };
}

/** Steps into a group and out of it. */
function grouping(context: ActionContext) {
  const { design: { document }, camera, places, ids, chosen, choose, notify } = context;
  const put = (next: Document, steps: readonly string[]): void => {
    perform(context, { do: "replace", document: next });
    choose({ steps: new Set(steps), edges: new Set() });
    camera.fit();
  };
  const group = async (): Promise<void> => {
    const { grouped, refusalOfGroup } = await loadGrouping();
    const reason = refusalOfGroup(document, chosen.steps);
    if (reason) {
      notify(reason);
      return;
    }
    const name = freeName("group", ids);
    const inner = ids.flatMap((id) => (chosen.steps.has(id) ? [places?.get(id) ?? [0, 0] as const] : []));
    const place = [Math.min(...inner.map(([x]) => x)), Math.min(...inner.map(([, y]) => y))] as const;
    put(grouped({ ...document, layout: Object.fromEntries(places ?? NOWHERE) }, chosen.steps, name, place), [name]);
  };
  const ungroup = async (id: string): Promise<void> => {
    const { ungrouped } = await loadGrouping();
    const body = bodyOf(document, id);
    if (!body) return;
    const takeOut = (inner: Places): void => {
      const next = ungrouped(document, id, inner, places ?? NOWHERE);
      put(next, idsOf(stepsOf(next)).filter((other) => !ids.includes(other)));
    };
    const known = placesIn(body);
    if (known) takeOut(known);
    else camera.during(arranged(body, context.direction).then(takeOut, (error: unknown) => notify(messageOf(error))));
  };
  const told = (work: Promise<void>): void => {
    work.catch((error: unknown) => notify(messageOf(error)));
  };
  return { group: () => told(group()), ungroup: (id: string) => told(ungroup(id)) };
}

function copying(context: ActionContext) {
  const { design, places, ids, chosen, choose, notify, way } = context;
  const named = new Set(ids.filter((id) => chosen.steps.has(id) && !id.startsWith("#")));
  /** The chosen steps as a text, or null when there are none. */
  const copy = (): string | null => {
    if (!named.size) return null;
    notify(`${named.size} step${named.size > 1 ? "s" : ""} copied.`);
    return writeJson(clipOf(design.document, named, places ?? NOWHERE), 2);
  };
  const cut = (): string | null => {
    const text = copy();
    if (text === null) return null;
    perform(context, { do: "remove", steps: [...named], edges: [] });
    choose(NOTHING);
    return text;
  };
  /** Adds the steps of a text; a whole workflow fills an empty draft. */
  const paste = (text: string): void => {
    const clip = readClip(text);
    if (!clip) notify("There are no steps in what was pasted.");
    else if (isWhole(clip) && !ids.length && !way.length) perform(context, { do: "replace", document: adopted(design.document, clip) });
    else take(context, clip, {});
  };
  return { copy, cut, paste, takeSteps: (clip: JsonObject) => take(context, clip, {}) };
}

/** Adds several steps at once, in places of their own, and chooses them. */
function take(context: ActionContext, clip: JsonObject, target: Target): void {
  const { design, camera, places, choose, notify } = context;
  const put = (own: Places): void => {
    const command = graft(design.document, clip, own, places ?? NOWHERE, target);
    perform(context, { ...command, layout: placed(places, command.layout ?? []) });
    context.notify(stillRead(design.document, command.steps));
    choose({ steps: new Set(command.steps.map(({ name }) => textOf(name))), edges: new Set() });
    camera.fit();
  };
  const known = placesIn(clip);
  if (known) put(known);
  else camera.during(arranged(clip, context.direction).then(put, (error: unknown) => notify(messageOf(error))));
}

/** The places with some of them set anew. */
function placed(places: Places | null, others: Iterable<readonly [string, Place]>): Places {
  return new Map([...(places ?? []), ...others]);
}

/** Place in the document of an edge of the canvas. */
export function indexOf(edge: string): number {
  return Number(edge.split(":")[0]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
