/** State of the workbench: the draft, the selection and every action on them. */
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { blocksOf, catalogOf, type Catalog } from "../../graph/model/catalog";
import { idsOf, stepsOf } from "../../graph/model/document";
import { actionsOf, indexOf, type Actions, type ActionContext } from "./actions";
import { NOTHING, type Selection } from "./selection";
import type { EditData } from "./data";
import { focusPart } from "./focus";
import { useCamera } from "../../graph/view/useCamera";
import { useDesign } from "./useDesign";
import { usePlaces } from "../../graph/view/usePlaces";

export interface Workbench extends ActionContext, Actions {
  readonly catalog: Catalog;
  /** The place in the document of the one chosen edge; -1 when it is not one. */
  readonly edge: number;
  readonly notice: string;
  /** The part of a step's form that was asked for, and how many requests there were. */
  readonly part: { readonly name: string | null; readonly asked: number };
  /** Moves to the inspector, with one of its parts open. */
  readonly inspect: (part: string | null) => void;
}

export function useWorkbench(data: EditData): Workbench {
  const design = useDesign(data);
  const camera = useCamera();
  const [chosen, choose] = useState<Selection>(NOTHING);
  const [notice, notify] = useState("");
  const catalog = useMemo(() => catalogOf(data.workers), [data.workers]);
  const blocks = useMemo(() => blocksOf(catalog, data.patterns), [catalog, data.patterns]);
  const places = usePlaces(design.document);
  const { steps } = design.document;
  const ids = useMemo(() => idsOf(stepsOf({ steps: steps ?? [] })), [steps]);
  const step = chosen.steps.size === 1 ? ids.indexOf([...chosen.steps][0] ?? "") : -1;
  const edge = chosen.edges.size === 1 && !chosen.steps.size ? indexOf([...chosen.edges][0] ?? "") : -1;
  const context: ActionContext = { design, camera, blocks, places, ids, chosen, step, choose, notify };
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
  return { ...context, ...actions, catalog, edge, notice, part, inspect };
}
