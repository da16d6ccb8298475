/**
 * A large graph from afar: boxes and lines on one bitmap instead of thousands of elements. It draws whenever the
 * viewport moves or the scene changes, outside of React, and tells when the steps come near enough to be elements.
 */
import { useReactFlow, useStore, useStoreApi, type FitViewOptions, type ReactFlowState } from "@xyflow/react";
import { useEffect, useRef, type ReactElement } from "react";
import type { Point } from "../layout/geometry";
import { stepsWithin, stepUnder, type Far } from "./far";
import { Painting, type Rects, type Scene } from "./painting";

const ZOOM_AFAR = 0.3;
/** A press that goes on for so many pixels is no click. */
const CLICK_PX = 4;

interface FarViewProps extends Far {
  readonly rects: Rects;
  readonly scene: Scene;
  readonly fit: FitViewOptions;
  readonly choose: (step: string, isAdding: boolean) => void;
  /** Takes the steps within a box that was drawn with Shift; without it there are no such boxes. */
  readonly chooseBox?: (steps: readonly string[]) => void;
}

export function FarView({ rects, scene, fit, isAfar, setAfar, choose, chooseBox }: FarViewProps): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const store = useStoreApi();
  useDistance(fit, setAfar);
  useEffect(() => {
    if (!isAfar) return;
    const painting = new Painting(rects, scene);
    let frame = 0;
    const draw = (): void => {
      frame = 0;
      if (canvas.current) painting.paint(canvas.current, store.getState());
    };
    const soon = (): void => { frame ||= requestAnimationFrame(draw); };
    const changed = (): void => {
      painting.forget();
      soon();
    };
    soon();
    const ends = [store.subscribe(soon), scene.subscribe(changed), onScheme(changed)];
    return () => {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
    };
  }, [store, rects, scene, isAfar]);
  useFarClicks(rects, isAfar, choose, chooseBox);
  return <canvas ref={canvas} className="far-view" aria-hidden="true" hidden={!isAfar} />;
}

/** Tells how near the steps are. React Flow fits a graph into the view once its elements are measured, and from afar there are none. */
function useDistance(fit: FitViewOptions, setAfar: (isAfar: boolean) => void): void {
  const store = useStoreApi();
  const { fitView } = useReactFlow();
  useEffect(() => {
    let isFitted = !isUntouched(store.getState());
    const look = (state: ReactFlowState): void => {
      if (isFitted) setAfar(state.transform[2] < ZOOM_AFAR);
      else if (state.width && state.panZoom) {
        isFitted = true;
        void fitView(fit);
      }
    };
    look(store.getState());
    return store.subscribe(look);
  }, [store, fitView, fit, setAfar]);
}

const isUntouched = ({ transform: [left, top, zoom] }: ReactFlowState): boolean => left === 0 && top === 0 && zoom === 1;

/** Clicks on the bitmap choose the step under them, and boxes drawn on it what is within. */
function useFarClicks(rects: Rects, isAfar: boolean, choose: FarViewProps["choose"], chooseBox: FarViewProps["chooseBox"]): void {
  const ground = useStore(({ domNode }) => domNode);
  const store = useStoreApi();
  const pressed = useRef<Point>([0, 0]);
  useEffect(() => {
    if (!isAfar || !ground) return;
    const isClick = (event: MouseEvent): boolean => Math.hypot(event.clientX - pressed.current[0], event.clientY - pressed.current[1]) <= CLICK_PX;
    const press = ({ clientX, clientY }: MouseEvent): void => { pressed.current = [clientX, clientY]; };
    const click = (event: MouseEvent): void => {
      const id = isClick(event) && isOnPane(event) ? stepUnder(rects, placeOf(store.getState(), event.clientX, event.clientY)) : undefined;
      if (id === undefined) return;
      event.stopPropagation();
      choose(id, event.shiftKey || event.ctrlKey || event.metaKey);
    };
    const release = (event: MouseEvent): void => {
      if (!chooseBox || !event.shiftKey || !isOnPane(event) || isClick(event)) return;
      const state = store.getState();
      chooseBox(stepsWithin(rects, placeOf(state, ...pressed.current), placeOf(state, event.clientX, event.clientY)));
    };
    addEventListener("pointerdown", press, true); // React Flow keeps a press that begins a box from all below
    ground.addEventListener("click", click, true);
    ground.addEventListener("pointerup", release);
    return () => {
      removeEventListener("pointerdown", press, true);
      ground.removeEventListener("click", click, true);
      ground.removeEventListener("pointerup", release);
    };
  }, [ground, store, rects, isAfar, choose, chooseBox]);
}

const isOnPane = ({ target }: MouseEvent): boolean => target instanceof Element && target.closest(".react-flow__pane") !== null;

/** A point of the page as a place on the canvas. */
function placeOf({ transform: [left, top, zoom], domNode }: ReactFlowState, x: number, y: number): Point {
  const box = domNode?.getBoundingClientRect();
  return [(x - (box?.x ?? 0) - left) / zoom, (y - (box?.y ?? 0) - top) / zoom];
}

function onScheme(listener: () => void): () => void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", listener);
  return () => scheme.removeEventListener("change", listener);
}
