/** The designer: palette, outline, canvas, inspector and problems around one draft. */
import { ReactFlowProvider } from "@xyflow/react";
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type DragEvent, type ReactElement } from "react";
import { stepsOf, textOf } from "../../graph/model/document";
import { TrialsProvider, TrialPanels, TrialTools } from "../trials/Trials";
import { useTrials } from "../trials/useTrials";
import { ForecastPlace, ForecastTool, useForecastSwitch } from "../forecast/Forecast";
import type { DialogName, ImportedFile } from "../draft/openDialog";
import { Crumbs } from "../../graph/view/Crumbs";
import { BodyActsContext } from "../../graph/view/inside";
import { Board } from "../canvas/Board";
import type { EditData } from "../draft/data";
import { readFile } from "./FileMenu";
import { focusPart, useKeptFocus } from "../draft/focus";
import { beginTyping } from "../draft/typedAhead";
import { Icon } from "../../shared/icons";
import { Palette } from "../canvas/Palette";
import type { Problem } from "../../graph/model/problems";
import { FixingContext } from "../controls/fixing";
import { fixesOf, type Fix } from "../model/fixes";
import { ProblemList } from "../controls/ProblemList";
import { Toolbar } from "./Toolbar";
import { useClipboard } from "../draft/useClipboard";
import { useTaking, type Taking } from "../draft/useTaking";
import { useShortcuts } from "../draft/useShortcuts";
import { useWorkbench, type Workbench } from "../draft/useWorkbench";

const Inspector = lazy(() => import("../inspector/Inspector"));
const loadDialogs = () => import("../dialogs/Dialogs");
const loadOutline = () => import("../canvas/Outline");
const Dialogs = lazy(loadDialogs);
const Outline = lazy(loadOutline);

/** Dialogs whose field takes what is typed from the first key on. */
const TYPED_INTO: ReadonlySet<DialogName> = new Set(["add", "connect", "catch", "find"]);

export function Designer({ data }: { readonly data: EditData }): ReactElement {
  return <ReactFlowProvider><Bench data={data} /></ReactFlowProvider>;
}

function Bench({ data }: { readonly data: EditData }): ReactElement {
  const bench = useWorkbench(data);
  const trials = useTrials(data, bench);
  const forecast = useForecastSwitch(trials.whatIf);
  const [asked, setAsked] = useState<DialogName | null>(null);
  const [imported, importFile] = useState<ImportedFile | null>(null);
  const [hasOutline, showOutline] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const { design } = bench;
  const taking = useTaking(bench);
  const ask = (dialog: DialogName): void => {
    if ((dialog === "connect" || dialog === "catch") && bench.step < 0) return;
    if (TYPED_INTO.has(dialog)) beginTyping();
    setAsked(dialog);
  };
  const close = (): void => { setAsked(null); importFile(null); };
  const toOutline = (): void => { showOutline(true); focusPart("outline"); };
  useShortcuts({
    undo: design.undo, redo: design.redo, duplicate: bench.duplicate, chooseAll: bench.chooseAll, outline: toOutline,
    enter: () => { if (bench.inside) bench.enter(bench.inside); }, fold: () => { if (bench.inside) bench.fold(bench.inside); }, leave: () => bench.leave(), group: bench.group,
    add: () => ask("add"), find: () => ask("find"), connect: () => ask("connect"), catch: () => ask("catch"), keys: () => ask("keys"),
  });
  useClipboard(bench);
  useKeptFocus(root);
  useEffect(() => void Promise.all([loadDialogs(), loadOutline()]), []);
  const isAsking = asked !== null || imported !== null || design.save.is === "conflict";
  return <TrialsProvider trials={trials}>
    <div className="designer" ref={root} data-outline={hasOutline || undefined}>
      <Toolbar data={data} bench={bench} ask={ask} importFile={importFile} trials={<><ForecastTool forecast={forecast} isOff={!trials.steps.length} /><TrialTools trials={trials} /></>} hasOutline={hasOutline} toggleOutline={() => (hasOutline ? showOutline(false) : toOutline())} />
      <Palette blocks={bench.blocks} apis={data.apis} taking={taking} />
      {hasOutline && <Suspense fallback={<section className="outline-panel" aria-busy="true" aria-label="Outline" />}><Outline bench={bench} ask={ask} /></Suspense>}
      <Stage bench={bench} taking={taking} importFile={importFile}><><TrialPanels trials={trials} /><ForecastPlace forecast={forecast} data={data} bench={bench} /></></Stage>
      <Problems bench={bench} go={trials.go} />
      <Suspense fallback={<aside className="inspector" aria-busy="true" aria-label="Inspector" />}><Inspector data={data} bench={bench} /></Suspense>
      {isAsking && <Suspense fallback={null}><Dialogs data={data} bench={bench} asked={asked} imported={imported} close={close} /></Suspense>}
    </div>
  </TrialsProvider>;
}

interface StageProps {
  readonly bench: Workbench;
  readonly taking: Taking;
  readonly importFile: (imported: ImportedFile) => void;
  readonly children: ReactElement;
}

/** The canvas with the notices over it. A dropped file is imported. */
function Stage({ bench, taking, importFile, children }: StageProps): ReactElement {
  const { design: { document, problems, save }, camera, places } = bench;
  const take = (event: DragEvent): void => {
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    void readFile(file).then(importFile);
  };
  return (
    <div className="designer-canvas" data-part="canvas" tabIndex={-1} aria-busy={camera.isMoving || places === null} onDropCapture={take}>
      <BodyActsContext value={{ open: bench.enter, fold: bench.fold }}><Board document={document} catalog={bench.catalog} problems={problems} places={places} unfolded={bench.unfolded} direction={bench.direction} chosen={bench.chosen} choose={bench.choose}
        enter={bench.enter} move={bench.move} connect={bench.connect} refuse={bench.notify} remove={bench.remove} drop={taking.drop} putOn={bench.putOn} /></BodyActsContext>
      <Crumbs title={textOf(bench.whole.document.title) || textOf(bench.whole.document.name)} way={bench.way} leave={bench.leave} />
      {!stepsOf(document).length && <div className="canvas-empty"><strong>No steps yet</strong><p>Drag one here from the list, press <kbd>/</kbd> and type, or drop a workflow's file.</p></div>}
      <p className="canvas-notice" role="status">{bench.notice && <><Icon name="alert" />{bench.notice}</>}</p>
      {save.is === "refused" && <p className="canvas-refused" role="alert"><Icon name="cross" /><span><strong>Not saved.</strong> {save.message}</span></p>}
      {children}
    </div>
  );
}

function Problems({ bench, go }: { readonly bench: Workbench; readonly go: (problem: Problem) => void }): ReactElement {
  const { document, problems } = bench.whole;
  const fixing = useMemo(() => ({ fixesOf: (problem: Problem) => fixesOf(document, problem), apply: ({ command }: Fix) => bench.whole.do(command) }), [document, bench.whole]);
  const errors = problems.filter(({ level }) => level === "error").length;
  const warnings = problems.length - errors;
  return (
    <section className="designer-problems" aria-label="Problems">
      <h2>{problems.length ? `${errors} problem${errors === 1 ? "" : "s"}, ${warnings} warning${warnings === 1 ? "" : "s"}` : "No problems"}</h2>
      {problems.length > 0 && <FixingContext value={fixing}><ProblemList problems={problems} go={go} /></FixingContext>}
    </section>
  );
}
