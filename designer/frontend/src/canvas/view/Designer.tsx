/** The designer: palette, canvas, inspector and problems around one draft. */
import { ReactFlowProvider } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useState, type ReactElement } from "react";
import { arranged } from "../arrange";
import { blocksOf, catalogOf, stepOf, type Block } from "../model/catalog";
import { duplicateOf, freeName, type Command } from "../model/commands";
import { edgesOf, idsOf, stepsOf, textOf, type Place } from "../model/document";
import { edgeViews, NODE_WIDTH } from "../model/nodes";
import { problemsAt, spotOf, type Problem } from "../model/problems";
import { refusalOf } from "../model/rules";
import { AddDialog } from "./AddDialog";
import { Board, type Chosen } from "./Board";
import type { EditData } from "./data";
import { ConflictDialog, PublishDialog } from "./dialogs";
import { EdgeForm } from "./EdgeForm";
import { Icon } from "./icons";
import { Links } from "./Links";
import { Palette } from "./Palette";
import { ProblemList } from "./ProblemList";
import { SaveBadge } from "./SaveBadge";
import { StepForm, WORKERS_LIST, WORKFLOWS_LIST } from "./StepForm";
import { useCamera } from "./useCamera";
import { useDesign } from "./useDesign";
import { usePlaces } from "./usePlaces";
import { useShortcuts } from "./useShortcuts";
import { WorkflowForm } from "./WorkflowForm";

const NOTHING: Chosen = { steps: new Set(), edges: new Set() };
const BESIDE = 80;
const NO_MARKS = new Map<string, never>();

export function Designer({ data }: { readonly data: EditData }): ReactElement {
  return <ReactFlowProvider><Workbench data={data} /></ReactFlowProvider>;
}

function Workbench({ data }: { readonly data: EditData }): ReactElement {
  const design = useDesign(data);
  const { document, problems } = design;
  const [chosen, choose] = useState<Chosen>(NOTHING);
  const [isAdding, setAdding] = useState(false);
  const [isPublishing, setPublishing] = useState(false);
  const [told, tell] = useState("");
  const catalog = useMemo(() => catalogOf(data.workers), [data.workers]);
  const blocks = useMemo(() => blocksOf(catalog), [catalog]);
  const places = usePlaces(document);
  const camera = useCamera();
  const steps = stepsOf(document);
  const ids = idsOf(steps);
  const step = chosen.steps.size === 1 ? ids.indexOf([...chosen.steps][0]!) : -1;
  const edge = chosen.edges.size === 1 && !chosen.steps.size ? Number([...chosen.edges][0]!.split(":")[0]) : -1;
  const before = step >= 0 ? ids[step]! : null;

  const act = useCallback((command: Command, topic = "") => {
    tell("");
    design.do(command, topic);
  }, [design.do]);
  const chooseSteps = (names: readonly string[]): void => choose({ steps: new Set(names), edges: new Set() });
  const put = (block: Block, place: Place, from: string | null, onEdge: number | null): void => {
    const name = freeName(block.worker ?? block.kind, ids);
    const added = stepOf(block, name);
    if (onEdge !== null) act({ do: "insert", step: added, edge: onEdge, place });
    else act({ do: "add", steps: [added], edges: from ? [{ from, to: name }] : [], layout: { ...places, [name]: place } });
    chooseSteps([name]);
  };
  const addBeside = (block: Block): void => {
    const [x, y] = besides(places ?? {}, before);
    put(block, [x, y], before && !before.startsWith("#") ? before : null, null);
    setAdding(false);
    camera.fit();
  };
  const remove = useCallback((names: readonly string[], lines: readonly string[]) => {
    act({ do: "remove", steps: names, edges: lines.map((id) => Number(id.split(":")[0])) });
    choose(NOTHING);
  }, [act]);
  const duplicate = (): void => {
    const names = ids.filter((id) => chosen.steps.has(id) && !id.startsWith("#"));
    if (!names.length) return;
    const command = duplicateOf(document, names, places ?? {});
    act({ ...command, layout: { ...places, ...command.layout } });
    chooseSteps(command.steps.map(({ name }) => textOf(name)));
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
  const openEdge = (index: number): void => {
    const view = edgeViews(document, NO_MARKS).find((one) => one.index === index);
    if (view) choose({ steps: new Set(), edges: new Set([view.id]) });
  };
  const go = (problem: Problem): void => {
    const spot = spotOf(problem);
    if (spot.on === "workflow") choose(NOTHING);
    else if (spot.on === "edge") openEdge(spot.index);
    else if (ids[spot.index] !== undefined) {
      chooseSteps([ids[spot.index]!]);
      camera.fit([ids[spot.index]!]);
    }
  };
  const putStep = (index: number, next: (typeof steps)[number], topic: string): void => {
    act({ do: "putStep", index, step: next }, `step ${index} ${topic}`);
    const names = idsOf(steps.map((one, place) => (place === index ? next : one)));
    chooseSteps([names[index]!]);
  };
  useShortcuts({ undo: design.undo, redo: design.redo, duplicate, add: () => setAdding(true) });
  useEffect(() => {
    const gone = [...chosen.steps].some((id) => !ids.includes(id));
    if (gone) chooseSteps(ids.filter((id) => chosen.steps.has(id)));
  }, [ids.join("\n")]);

  const errors = problems.filter(({ level }) => level === "error").length;
  return (
    <div className="designer">
      <div className="designer-bar" role="toolbar" aria-label="Design">
        <a className="designer-name" href={data.page}>{textOf(document.title) || data.name}</a>
        <SaveBadge state={design.save} login={data.login} />
        <div className="designer-tools">
          <button type="button" className="btn btn-sm" onClick={() => setAdding(true)} aria-keyshortcuts="/">Add step <kbd>/</kbd></button>
          <button type="button" className="btn btn-sm" disabled={!design.canUndo} onClick={design.undo} aria-keyshortcuts="Control+Z">Undo</button>
          <button type="button" className="btn btn-sm" disabled={!design.canRedo} onClick={design.redo} aria-keyshortcuts="Control+Shift+Z">Redo</button>
          <button type="button" className="btn btn-sm" disabled={!chosen.steps.size} onClick={duplicate} aria-keyshortcuts="Control+D">Duplicate</button>
          <button type="button" className="btn btn-sm" disabled={!chosen.steps.size && !chosen.edges.size} onClick={() => remove([...chosen.steps], [...chosen.edges])}>Delete</button>
          <button type="button" className="btn btn-sm" disabled={!steps.length} onClick={arrange}>Arrange</button>
          <button type="button" className="btn btn-sm btn-primary" onClick={() => setPublishing(true)}>Publish</button>
        </div>
      </div>
      <Palette blocks={blocks} add={addBeside} />
      <div className="designer-canvas" aria-busy={camera.isMoving || places === null}>
        <Board document={document} catalog={catalog} problems={problems} places={places} chosen={chosen} choose={choose}
          move={(layout) => act({ do: "move", layout: { ...places, ...layout } })} connect={connect} refuse={tell} remove={remove}
          drop={(key, place, onEdge) => {
            const block = blocks.find((one) => one.key === key);
            if (block) put(block, place, null, onEdge === null ? null : Number(onEdge.split(":")[0]));
          }} />
        {!steps.length && <div className="canvas-empty"><strong>No steps yet</strong><p>Drag one here from the list, or press <kbd>/</kbd> and type.</p></div>}
        <p className="canvas-told" role="status">{told && <><Icon name="alert" />{told}</>}</p>
      </div>
      <section className="designer-problems" aria-label="Problems">
        <h2>{problems.length ? `${errors} problem${errors === 1 ? "" : "s"}, ${problems.length - errors} warning${problems.length - errors === 1 ? "" : "s"}` : "No problems"}</h2>
        {problems.length > 0 && <ProblemList problems={problems} go={go} />}
      </section>
      <aside className="inspector" aria-label="Inspector">
        {step >= 0 ? <>
          <h2>{textOf(steps[step]!.title) || ids[step]}</h2>
          <Here problems={problemsAt(problems, "step", step)} />
          <StepForm step={steps[step]!} catalog={catalog} put={(next, topic) => putStep(step, next, topic)}
            links={<Links document={document} from={ids[step]!} connect={(to) => connect(ids[step]!, to)} open={openEdge} />} />
        </> : edge >= 0 && edgesOf(document)[edge] ? <>
          <h2>Edge</h2>
          <Here problems={problemsAt(problems, "edge", edge)} />
          <EdgeForm edge={edgesOf(document)[edge]!} put={(next, topic) => act({ do: "putEdge", index: edge, edge: next }, `edge ${edge} ${topic}`)} remove={() => remove([], [`${edge}:`])} />
        </> : chosen.steps.size > 1 ? <h2>{chosen.steps.size} steps chosen</h2> : <>
          <h2>Workflow</h2>
          <WorkflowForm document={document} put={(fields, topic) => act({ do: "putFields", fields }, topic)} />
        </>}
      </aside>
      <datalist id={WORKERS_LIST}>{data.workers.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}</datalist>
      <datalist id={WORKFLOWS_LIST}>{data.workflows.map((name) => <option key={name} value={name} />)}</datalist>
      {isAdding && <AddDialog blocks={blocks} after={before} add={addBeside} close={() => setAdding(false)} />}
      {isPublishing && <PublishDialog document={document} published={data.published} problems={problems} url={data.page} publish={design.publish} close={() => setPublishing(false)} />}
      {design.save.is === "conflict" && <ConflictDialog mine={design.save.mine} theirs={design.save.theirs} keep={design.keepMine} take={design.takeTheirs} />}
    </div>
  );
}

function Here({ problems }: { readonly problems: readonly Problem[] }): ReactElement | null {
  return problems.length ? <ProblemList problems={problems} /> : null;
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
