/** State of the workbench: the draft, the selection and every action on them. */
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { blocksOf, catalogOf, type Catalog } from "../../graph/model/catalog";
import { graphAt, idOf, prefixOf, problemsWithin, standingWay, type Way } from "../../graph/model/bodies";
import { idsOf, isObject, stepsOf, type Places } from "../../graph/model/document";
import { actionsOf, indexOf, type Actions, type ActionContext } from "./actions";
import { NOTHING, type Selection } from "./selection";
import type { EditData } from "./data";
import { focusPart } from "./focus";
import { useCamera, type Camera } from "../../graph/view/useCamera";
import { useDesign, type Design } from "./useDesign";
import { useUnfolded } from "../../graph/view/unfolded";
import { directionOf } from "../../graph/layout/direction";
import { useDirection } from "../../graph/view/DirectionControl";
import { usePlaces } from "../../graph/view/useParts";

export interface Workbench extends ActionContext, Actions {
  readonly catalog: Catalog;
  /** The place in the document of the one chosen edge; -1 when it is not one. */
  readonly edge: number;
  readonly notice: string;
  /** What paths of problems within the open graph begin with. */
  readonly prefix: string;
  /** The steps of the open graph whose bodies are drawn in place. */
  readonly unfolded: ReadonlySet<string>;
  readonly fold: (step: string) => void;
  /** The chosen step, if it has steps inside. */
  readonly inside: string | null;
  /** The part of a step's form that was asked for, and how many requests there were. */
  readonly part: { readonly name: string | null; readonly asked: number };
  /** Moves to the inspector, with one of its parts open. */
  readonly inspect: (part: string | null) => void;
}

export function useWorkbench(data: EditData): Workbench {
  const whole = useDesign(data);
  const camera = useCamera();
  const [chosen, choose] = useState<Selection>(NOTHING);
  const [notice, notify] = useState("");
  const catalog = useMemo(() => catalogOf(data.workers), [data.workers]);
  const blocks = useMemo(() => blocksOf(catalog, data.patterns), [catalog, data.patterns]);
  const [wanted, goInto] = useState<Way>([]);
  const way = useMemo(() => standingWay(whole.document, wanted), [whole.document, wanted]);
  const { design, prefix } = useScope(whole, way);
  const path = way.join("/");
  const [preferred, turn] = useDirection(data.name);
  const places = usePlaces(design.document, path, preferred ?? "right");
  const direction = useMemo(() => (places && directionOf(design.document, places)) ?? preferred ?? "right", [design.document, places, preferred]);
  const [unfolded, toggleFold] = useUnfolded(data.name, path);
  const { steps } = design.document;
  const ids = useMemo(() => idsOf(stepsOf({ steps: steps ?? [] })), [steps]);
  const step = chosen.steps.size === 1 ? ids.indexOf([...chosen.steps][0] ?? "") : -1;
  const edge = chosen.edges.size === 1 && !chosen.steps.size ? indexOf([...chosen.edges][0] ?? "") : -1;
  const context: ActionContext = { design, camera, blocks, places, ids, chosen, step, choose, notify, whole, way, goInto, direction, turn };
  const actions = actionsOf(context);
  const [part, setPart] = useState<Workbench["part"]>({ name: null, asked: 0 });
  const inspect = (name: string | null): void => {
    setPart(({ asked }) => ({ name, asked: asked + 1 }));
    focusPart("inspector");
  };
  const forgetRemoved = useEffectEvent((there: readonly string[]) => {
    const kept = there.filter((id) => chosen.steps.has(id));
    if (kept.length < chosen.steps.size) actions.chooseSteps(kept);
  });
  useEffect(() => forgetRemoved(ids), [ids]);
  useFitOnEntering(camera, way, places);
  const chosenStep = stepsOf(design.document)[step];
  const inside = chosenStep && isObject(chosenStep.body) ? ids[step] ?? null : null;
  return { ...context, ...actions, prefix, unfolded, fold: (id) => toggleFold(idOf(path, id)), inside, catalog, edge, notice, part, inspect };
}

/** The design as the graph at the end of the way sees it: each edit of it is one within the workflow. */
function useScope(whole: Design, way: Way): { readonly design: Design; readonly prefix: string } {
  const { document, problems } = whole;
  const inner = useMemo(() => graphAt(document, way), [document, way]);
  const prefix = useMemo(() => prefixOf(document, way), [document, way]);
  const own = useMemo(() => problemsWithin(problems, prefix), [problems, prefix]);
  if (!way.length) return { design: whole, prefix };
  const edit: Design["do"] = (command, topic) => whole.do({ do: "within", way, command }, topic && `${prefix} ${topic}`);
  return { design: { ...whole, document: inner, problems: own, do: edit }, prefix };
}

/** Shows all of a graph when it is entered, as soon as its steps have places. */
function useFitOnEntering(camera: Camera, way: Way, places: Places | null): void {
  const key = way.join("/");
  const shown = useRef("");
  useEffect(() => {
    if (!places || shown.current === key) return;
    shown.current = key;
    if (places.size) camera.fit();
  }, [camera, key, places]);
}
