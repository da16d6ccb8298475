/** Moves the view over the canvas, and knows whether the view or its content is still moving. */
import { useReactFlow, type FitViewOptions } from "@xyflow/react";
import { useCallback, useState } from "react";

/** Steps that are no elements from afar are looked at, too. */
export const FIT: FitViewOptions = { maxZoom: 1, padding: 0.1, includeHiddenNodes: true };
const GLIDE_MS = 150;

export interface Camera {
  /** True from the start of a movement until its last frame. */
  readonly isMoving: boolean;
  /** Shows these steps, or all of them, as soon as they are drawn. */
  readonly fit: (steps?: readonly string[]) => void;
  /** Counts as movement for as long as `work` goes on. */
  readonly during: (work: Promise<unknown>) => void;
}

export function useCamera(): Camera {
  const { fitView } = useReactFlow();
  const [moves, setMoves] = useState(0);
  const during = useCallback((work: Promise<unknown>) => {
    setMoves((before) => before + 1);
    const end = (): void => setMoves((before) => before - 1);
    void work.then(drawn).then(end, end);
  }, []);
  const fit = useCallback((steps?: readonly string[]) => {
    const nodes = steps && { nodes: steps.map((id) => ({ id })) };
    during(drawn().then(() => fitView({ ...FIT, ...nodes, duration: prefersStill() ? 0 : GLIDE_MS })));
  }, [fitView, during]);
  return { isMoving: moves > 0, fit, during };
}

/** Resolves after two frames, when the current state has been drawn and measured. */
function drawn(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}

function prefersStill(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
