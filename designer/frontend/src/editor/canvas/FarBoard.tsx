/** The steps of a large draft while they are far away: what of each is to be seen, and which are chosen. */
import type { Edge } from "@xyflow/react";
import { useCallback, useContext, useMemo, type ReactElement } from "react";
import { rectsOf, type Far } from "../../graph/far/far";
import { FarView } from "../../graph/far/FarView";
import type { Line, Scene } from "../../graph/far/painting";
import { idOf, splitId } from "../../graph/model/bodies";
import type { Box } from "../../graph/model/boxes";
import { wayOf } from "../../graph/model/ways";
import { PathContext } from "../../graph/view/inside";
import type { Routes } from "../../graph/view/routes";
import { StatusesContext, toneOf } from "../../graph/view/statuses";
import { markedOf, type StepFlowNode } from "../../graph/view/StepNode";
import { FAILED } from "../../graph/view/flow";
import { FIT } from "../../graph/view/useCamera";
import { WhatIfContext } from "../../graph/whatIf/useWhatIf";
import { markAt, type MarkKind } from "../../graph/whatIf/whatIf";
import type { Selection } from "../draft/selection";

interface Props {
  readonly far: Far;
  readonly boxes: readonly Box[];
  readonly nodes: readonly StepFlowNode[];
  readonly edges: readonly Edge[];
  readonly routes: Routes;
  readonly choose: (change: (before: Selection) => Selection) => void;
  /** Opens the body of a step, with one of its steps chosen. */
  readonly enter: (step: string, inner?: string) => void;
}

const MARK_TONES: Readonly<Record<MarkKind, string>> = {
  failing: "stop", caught: "go", undo: "back", remains: "care", harmless: "", maybe: "hold", outside: "",
};
const PROBLEM_TONES = { error: "stop", warning: "care" } as const;

export default function FarBoard({ far, boxes, nodes, edges, routes, choose, enter }: Props): ReactElement {
  const scene = useScene(far, nodes, edges, routes);
  const rects = useMemo(() => rectsOf(boxes), [boxes]);
  const chooseOne = useCallback((id: string, isAdding: boolean) => {
    const [outer, inner] = splitId(id);
    if (outer) enter(outer, inner);
    else choose((before) => withStep(before, id, isAdding));
  }, [choose, enter]);
  const chooseBox = useCallback((ids: readonly string[]) => choose(() => ({ steps: new Set(ids.filter((id) => !splitId(id)[0])), edges: new Set() })), [choose]);
  return <FarView {...far} fit={FIT} rects={rects} scene={scene} choose={chooseOne} chooseBox={chooseBox} />;
}

function useScene({ isChosenDrawn }: Far, nodes: readonly StepFlowNode[], edges: readonly Edge[], routes: Routes): Scene {
  const [path, statuses, whatIf] = [useContext(PathContext), useContext(StatusesContext), useContext(WhatIfContext)];
  return useMemo(() => {
    const shown = new Map(nodes.map((node) => [node.id, node]));
    const statusOf = (id: string) => statuses.get(idOf(path, id));
    const toneOfStep = (id: string): string => {
      const mark = whatIf && markAt(whatIf, idOf(path, id));
      const [node, status] = [shown.get(id), statusOf(id)];
      const marked = node && markedOf(node.data);
      return mark ? MARK_TONES[mark.is] : status ? toneOf(status) : marked ? PROBLEM_TONES[marked] : "";
    };
    return {
      toneOf: (id) => (shown.get(id)?.selected ? (isChosenDrawn ? null : "chosen") : toneOfStep(id)),
      lines: () => edges.map(({ id, source, target, sourceHandle }): Line => ({
        source, target, points: routes.get(id)?.points,
        way: wayOf(statusOf(source), statusOf(target), splitId(target)[1], sourceHandle === FAILED),
      })),
      subscribe: (listener) => {
        const ends = [statuses.subscribeAll(listener), routes.subscribeAll(listener)];
        return () => { for (const end of ends) end(); };
      },
    };
  }, [nodes, edges, routes, path, statuses, whatIf, isChosenDrawn]);
}

/** The selection after a click on a step; with `isAdding` beside what is chosen, or no longer. */
function withStep(before: Selection, id: string, isAdding: boolean): Selection {
  if (!isAdding) return { steps: new Set([id]), edges: new Set() };
  const steps = new Set(before.steps);
  if (!steps.delete(id)) steps.add(id);
  return { ...before, steps };
}
