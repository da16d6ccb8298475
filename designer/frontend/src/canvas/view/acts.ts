/** Every act of the author, made of commands on the draft, the choice on the canvas and the view over it. */
import { arranged } from "../arrange";
import { stepOf, type Block } from "../model/catalog";
import { duplicateOf, freeName, type Command } from "../model/commands";
import { idsOf, stepsOf, textOf, type Place, type Step } from "../model/document";
import { edgeViews, NODE_WIDTH } from "../model/nodes";
import { spotOf, type Problem } from "../model/problems";
import { refusalOf } from "../model/rules";
import type { Chosen } from "./Board";
import type { Camera } from "./useCamera";
import type { Design } from "./useDesign";

export const NOTHING: Chosen = { steps: new Set(), edges: new Set() };
const BESIDE = 80;
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
  readonly choose: (chosen: Chosen) => void;
  /** A word to the author about a refused act. */
  readonly tell: (word: string) => void;
}
export type Acts = ReturnType<typeof actsOf>;

export function actsOf(setting: Setting) {
  return { ...choosing(setting), ...adding(setting), ...changing(setting) };
}

/** Applies a command; edits of one topic in a row are one step back. */
export function perform({ design, tell }: Setting, command: Command, topic = ""): void {
  tell("");
  design.do(command, topic);
}

function choosing({ design, camera, ids, choose }: Setting) {
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
  return { chooseSteps, chooseEdge, show, go };
}

function adding(setting: Setting) {
  const { design, camera, blocks, places, ids, chosen, step } = setting;
  const { chooseSteps } = choosing(setting);
  /** A new step of a block, right of the chosen one and led to from it. */
  const addBeside = (block: Block): void => {
    const before = step >= 0 && !ids[step]!.startsWith("#") ? ids[step]! : null;
    const name = freeName(block.worker ?? block.kind, ids);
    const place = besides(places ?? {}, before);
    perform(setting, { do: "add", steps: [stepOf(block, name)], edges: before ? [{ from: before, to: name }] : [], layout: { ...places, [name]: place } });
    chooseSteps([name]);
    camera.fit();
  };
  const drop = (key: string, place: Place, onEdge: string | null): void => {
    const block = blocks.find((one) => one.key === key);
    if (!block) return;
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
  const move = (layout: Readonly<Record<string, Place>>): void => act({ do: "move", layout: { ...places, ...layout } });
  return { act, remove, removeChosen: () => remove([...chosen.steps], [...chosen.edges]), putStep, arrange, connect, move };
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
