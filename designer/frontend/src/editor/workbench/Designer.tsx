/** The designer: palette, outline, canvas, inspector and problems around one draft. */
import { ReactFlowProvider } from "@xyflow/react";
import { lazy, Suspense, useEffect, useRef, useState, type DragEvent, type ReactElement } from "react";
import { stepsOf } from "../../graph/model/document";
import { Tried, TryPanels, TryTools } from "../trials/Trials";
import { useTries } from "../trials/useTrials";
import type { Asked, Brought } from "../draft/openDialog";
import { Board } from "../canvas/Board";
import type { EditData } from "../draft/data";
import { readFile } from "./FileMenu";
import { focusPart, useKeptFocus } from "../draft/focus";
import { Icon } from "../../shared/icons";
import { Palette } from "../canvas/Palette";
import type { Problem } from "../../graph/model/problems";
import { ProblemList } from "../inspector/fields/ProblemList";
import { Toolbar } from "./Toolbar";
import { useClipboard } from "../draft/useClipboard";
import { useShortcuts } from "../draft/useShortcuts";
import { useWorkbench, type Workbench } from "../draft/useWorkbench";

const Inspector = lazy(() => import("../inspector/Inspector"));
const loadQuestions = () => import("../dialogs/Dialogs");
const loadOutline = () => import("../canvas/Outline");
const Questions = lazy(loadQuestions);
const Outline = lazy(loadOutline);

export function Designer({ data }: { readonly data: EditData }): ReactElement {
  return <ReactFlowProvider><Bench data={data} /></ReactFlowProvider>;
}

function Bench({ data }: { readonly data: EditData }): ReactElement {
  const bench = useWorkbench(data);
  const tries = useTries(data, bench);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [brought, bring] = useState<Brought | null>(null);
  const [hasOutline, showOutline] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const { design } = bench;
  const ask = (dialog: Asked): void => { if (dialog !== "connect" || bench.step >= 0) setAsked(dialog); };
  const close = (): void => { setAsked(null); bring(null); };
  const toOutline = (): void => { showOutline(true); focusPart("outline"); };
  useShortcuts({
    undo: design.undo, redo: design.redo, duplicate: bench.duplicate, chooseAll: bench.chooseAll, outline: toOutline,
    add: () => ask("add"), find: () => ask("find"), connect: () => ask("connect"), keys: () => ask("keys"),
  });
  useClipboard(bench);
  useKeptFocus(root);
  useEffect(() => void Promise.all([loadQuestions(), loadOutline()]), []);
  const isAsking = asked !== null || brought !== null || design.save.is === "conflict";
  return <Tried tries={tries}>
    <div className="designer" ref={root} data-outline={hasOutline || undefined}>
      <Toolbar data={data} bench={bench} ask={ask} bring={bring} tries={<TryTools tries={tries} />} hasOutline={hasOutline} toggleOutline={() => (hasOutline ? showOutline(false) : toOutline())} />
      <Palette blocks={bench.blocks} add={bench.addBeside} />
      {hasOutline && <Suspense fallback={<section className="outline-panel" aria-busy="true" aria-label="Outline" />}><Outline bench={bench} ask={ask} /></Suspense>}
      <Stage bench={bench} bring={bring}><TryPanels tries={tries} /></Stage>
      <Problems bench={bench} go={tries.go} />
      <Suspense fallback={<aside className="inspector" aria-busy="true" aria-label="Inspector" />}><Inspector data={data} bench={bench} /></Suspense>
      {isAsking && <Suspense fallback={null}><Questions data={data} bench={bench} asked={asked} brought={brought} close={close} /></Suspense>}
    </div>
  </Tried>;
}

interface StageProps {
  readonly bench: Workbench;
  readonly bring: (brought: Brought) => void;
  readonly children: ReactElement;
}

/** The canvas, and what is said over it. A file may be dropped on it. */
function Stage({ bench, bring, children }: StageProps): ReactElement {
  const { design: { document, problems, save }, camera, places } = bench;
  const take = (event: DragEvent): void => {
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    void readFile(file).then(bring);
  };
  return (
    <div className="designer-canvas" data-part="canvas" tabIndex={-1} aria-busy={camera.isMoving || places === null} onDropCapture={take}>
      <Board document={document} catalog={bench.catalog} problems={problems} places={places} chosen={bench.chosen} choose={bench.choose}
        move={bench.move} connect={bench.connect} refuse={bench.tell} remove={bench.remove} drop={bench.drop} />
      {!stepsOf(document).length && <div className="canvas-empty"><strong>No steps yet</strong><p>Drag one here from the list, press <kbd>/</kbd> and type, or drop a workflow's file.</p></div>}
      <p className="canvas-told" role="status">{bench.told && <><Icon name="alert" />{bench.told}</>}</p>
      {save.is === "refused" && <p className="canvas-refused" role="alert"><Icon name="cross" /><span><strong>Not saved.</strong> {save.message}</span></p>}
      {children}
    </div>
  );
}

function Problems({ bench, go }: { readonly bench: Workbench; readonly go: (problem: Problem) => void }): ReactElement {
  const { problems } = bench.design;
  const errors = problems.filter(({ level }) => level === "error").length;
  const warnings = problems.length - errors;
  return (
    <section className="designer-problems" aria-label="Problems">
      <h2>{problems.length ? `${errors} problem${errors === 1 ? "" : "s"}, ${warnings} warning${warnings === 1 ? "" : "s"}` : "No problems"}</h2>
      {problems.length > 0 && <ProblemList problems={problems} go={go} />}
    </section>
  );
}
