/** The draft, what the author has chosen of it on the canvas, and every act on it. */
import { useEffect, useMemo, useState } from "react";
import { blocksOf, catalogOf, type Catalog } from "../../graph/model/catalog";
import { idsOf, stepsOf } from "../../graph/model/document";
import { actsOf, indexOf, NOTHING, type Acts, type Setting } from "./actions";
import type { Chosen } from "../canvas/Board";
import type { EditData } from "./data";
import { focusPart } from "./focus";
import { useCamera } from "../../graph/view/useCamera";
import { useDesign } from "./useDesign";
import { usePlaces } from "../../graph/view/usePlaces";

export interface Workbench extends Setting, Acts {
  readonly catalog: Catalog;
  /** The place in the document of the one chosen edge; -1 when it is not one. */
  readonly edge: number;
  readonly told: string;
  /** The part of a step's form that was asked for, and how often something was. */
  readonly part: { readonly name: string | null; readonly asked: number };
  /** Goes to the inspector, with one of its parts open. */
  readonly inspect: (part: string | null) => void;
}

export function useWorkbench(data: EditData): Workbench {
  const design = useDesign(data);
  const camera = useCamera();
  const [chosen, choose] = useState<Chosen>(NOTHING);
  const [told, tell] = useState("");
  const catalog = useMemo(() => catalogOf(data.workers), [data.workers]);
  const blocks = useMemo(() => blocksOf(catalog, data.patterns), [catalog, data.patterns]);
  const places = usePlaces(design.document);
  const ids = useMemo(() => idsOf(stepsOf(design.document)), [design.document.steps]);
  const step = chosen.steps.size === 1 ? ids.indexOf([...chosen.steps][0]!) : -1;
  const edge = chosen.edges.size === 1 && !chosen.steps.size ? indexOf([...chosen.edges][0]!) : -1;
  const setting: Setting = { design, camera, blocks, places, ids, chosen, step, choose, tell };
  const acts = actsOf(setting);
  const [part, setPart] = useState<Workbench["part"]>({ name: null, asked: 0 });
  const inspect = (name: string | null): void => {
    setPart(({ asked }) => ({ name, asked: asked + 1 }));
    focusPart("inspector");
  };
  useEffect(() => {
    const kept = ids.filter((id) => chosen.steps.has(id));
    if (kept.length < chosen.steps.size) acts.chooseSteps(kept);
  }, [ids]);
  return { ...setting, ...acts, catalog, edge, told, part, inspect };
}
