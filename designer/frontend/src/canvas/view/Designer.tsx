/** The designer: palette, canvas, inspector and problems around one draft. */
import { ReactFlowProvider } from "@xyflow/react";
import { useState, type ReactElement } from "react";
import { idsOf, stepsOf } from "../model/document";
import { Tried, TryPanels, TryTools } from "../tries/Tries";
import { useTries } from "../tries/useTries";
import { AddDialog } from "./AddDialog";
import { Board } from "./Board";
import type { EditData } from "./data";
import { ConflictDialog, PublishDialog } from "./dialogs";
import { Icon } from "./icons";
import { Inspector } from "./Inspector";
import { Palette } from "./Palette";
import { ProblemList } from "./ProblemList";
import { WORKERS_LIST, WORKFLOWS_LIST } from "./StepForm";
import { Toolbar, type Asked } from "./Toolbar";
import { useShortcuts } from "./useShortcuts";
import { useWorkbench } from "./useWorkbench";

export function Designer({ data }: { readonly data: EditData }): ReactElement {
  return <ReactFlowProvider><Bench data={data} /></ReactFlowProvider>;
}

function Bench({ data }: { readonly data: EditData }): ReactElement {
  const bench = useWorkbench(data);
  const tries = useTries(data, bench);
  const [asked, ask] = useState<Asked | null>(null);
  const { design, camera, catalog, blocks, places, chosen } = bench;
  const { document, problems } = design;
  const close = (): void => ask(null);
  useShortcuts({ undo: design.undo, redo: design.redo, duplicate: bench.duplicate, add: () => ask("add") });
  const errors = problems.filter(({ level }) => level === "error").length;
  return <Tried tries={tries}>
    <div className="designer">
      <Toolbar data={data} bench={bench} ask={ask} tries={<TryTools tries={tries} />} />
      <Palette blocks={blocks} add={bench.addBeside} />
      <div className="designer-canvas" aria-busy={camera.isMoving || places === null}>
        <Board document={document} catalog={catalog} problems={problems} places={places} chosen={chosen} choose={bench.choose}
          move={bench.move} connect={bench.connect} refuse={bench.tell} remove={bench.remove} drop={bench.drop} />
        {!stepsOf(document).length && <div className="canvas-empty"><strong>No steps yet</strong><p>Drag one here from the list, or press <kbd>/</kbd> and type.</p></div>}
        <p className="canvas-told" role="status">{bench.told && <><Icon name="alert" />{bench.told}</>}</p>
        <TryPanels tries={tries} />
      </div>
      <section className="designer-problems" aria-label="Problems">
        <h2>{problems.length ? `${errors} problem${errors === 1 ? "" : "s"}, ${problems.length - errors} warning${problems.length - errors === 1 ? "" : "s"}` : "No problems"}</h2>
        {problems.length > 0 && <ProblemList problems={problems} go={bench.go} />}
      </section>
      <Inspector bench={bench} />
      <datalist id={WORKERS_LIST}>{data.workers.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}</datalist>
      <datalist id={WORKFLOWS_LIST}>{data.workflows.map((name) => <option key={name} value={name} />)}</datalist>
      {asked === "add" && <AddDialog blocks={blocks} after={idsOf(stepsOf(document))[bench.step] ?? null} close={close} add={(block) => { bench.addBeside(block); close(); }} />}
      {asked === "publish" && <PublishDialog document={document} published={data.published} problems={problems} url={data.page} publish={design.publish} close={close} />}
      {design.save.is === "conflict" && <ConflictDialog mine={design.save.mine} theirs={design.save.theirs} keep={design.keepMine} take={design.takeTheirs} />}
    </div>
  </Tried>;
}
