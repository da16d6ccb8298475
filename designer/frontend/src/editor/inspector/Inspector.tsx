/** Forms for what is chosen on the canvas: a step, an edge, or the workflow itself. */
import { present } from "../../shared/present";
import { useMemo, type KeyboardEvent, type ReactElement } from "react";
import { FixingContext } from "../controls/fixing";
import { fixesOf, type Fix } from "../model/fixes";
import { edgesOf, idsOf, kindOf, stepsOf, textOf } from "../../graph/model/document";
import { Inspection } from "./Inspection";
import { problemsAt, spotOf, type Problem } from "../../graph/model/problems";
import type { EditData } from "../draft/data";
import { NamesContext, useNames } from "../draft/useNames";
import { EdgeForm } from "./forms/EdgeForm";
import { focusPart } from "../draft/focus";
import { Links } from "./forms/Links";
import { StepForm, WORKERS_LIST, WORKFLOWS_LIST } from "./forms/StepForm";
import type { Workbench } from "../draft/useWorkbench";
import { WorkflowForm } from "./forms/WorkflowForm";

interface Props {
  readonly data: EditData;
  readonly bench: Workbench;
}

export default function Inspector({ data, bench }: Props): ReactElement {
  const names = useNames(data.names);
  const { document } = bench.design;
  const fixing = useMemo(() => ({ fixesOf: (problem: Problem) => fixesOf(document, problem), apply: ({ command }: Fix) => bench.apply(command) }), [document, bench]);
  const leave = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !event.defaultPrevented) focusPart("outline");
  };
  return (
    <aside className="inspector" aria-label="Inspector" data-part="inspector" tabIndex={-1} onKeyDown={leave}>
      <NamesContext value={names}><FixingContext value={fixing}><SelectionForms bench={bench} /></FixingContext></NamesContext>
      <datalist id={WORKERS_LIST}>{data.workers.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}</datalist>
      <datalist id={WORKFLOWS_LIST}>{data.workflows.map((name) => <option key={name} value={name} />)}</datalist>
    </aside>
  );
}

/** Ways into the steps of a step. */
function Inside({ bench, id, isGroup }: { readonly bench: Workbench; readonly id: string; readonly isGroup: boolean }): ReactElement {
  return (
    <div className="flex flex-wrap gap-2">
      <button type="button" className="btn btn-sm" onClick={() => bench.enter(id)}>Open its steps <kbd>B</kbd></button>
      <button type="button" className="btn btn-sm" aria-pressed={bench.unfolded.has(id)} onClick={() => bench.fold(id)}>Draw them in place <kbd>F</kbd></button>
      {isGroup && <button type="button" className="btn btn-sm" onClick={() => bench.ungroup(id)}>Ungroup</button>}
    </div>
  );
}

function SelectionForms({ bench }: { readonly bench: Workbench }): ReactElement {
  const { design: { document, problems }, prefix, way, catalog, chosen, step: index, edge, apply } = bench;
  const step = stepsOf(document)[index];
  const line = edgesOf(document)[edge];
  if (step) {
    const id = present(idsOf(stepsOf(document))[index]);
    return <>
      <h2>{textOf(step.title) || id}</h2>
      <Inspection prefix={prefix} base={`steps[${index}]`} problems={problemsAt(problems, "step", index)} saved={problems}>
        {bench.inside && <Inside bench={bench} id={id} isGroup={kindOf(step) === "group"} />}
        <StepForm key={bench.part.asked} start={bench.part.name} step={step} catalog={catalog} taken={bench.ids.filter((other) => other !== id)} put={(next, topic) => bench.putStep(index, next, topic)}
          links={<Links document={document} from={id} connect={(to, isError) => bench.connect(id, to, isError)} open={bench.chooseEdge} />} />
      </Inspection>
    </>;
  }
  if (line) return <>
    <h2>Edge</h2>
    <Inspection prefix={prefix} base={`edges[${edge}]`} problems={problemsAt(problems, "edge", edge)} saved={problems}><EdgeForm document={document} index={edge} put={(next, topic) => apply({ do: "putEdge", index: edge, edge: next }, `edge ${edge} ${topic}`)}
      reorder={bench.reorder} remove={() => bench.remove([], [`${edge}:`])} /></Inspection>
  </>;
  if (chosen.steps.size > 1) return <>
    <h2>{chosen.steps.size} steps chosen</h2>
    <p className="hint">Copy them with <kbd>Ctrl C</kbd> and paste them with <kbd>Ctrl V</kbd>, here or in another tab. Drag one to move them all.</p>
    <div className="flex flex-wrap gap-2">
      <button type="button" className="btn btn-sm" onClick={bench.duplicate}>Duplicate</button>
      <button type="button" className="btn btn-sm" onClick={bench.group}>Put into a group</button>
      <button type="button" className="btn btn-sm" onClick={bench.removeChosen}>Delete</button>
    </div>
  </>;
  if (way.length) return <>
    <h2>Steps of {way.at(-1)}</h2>
    <p className="hint">They run inside <strong>{way.at(-1)}</strong>, with names of their own. Add, connect and delete them here as everywhere.</p>
    <button type="button" className="btn btn-sm" onClick={() => bench.leave()}>Back out <kbd>Shift B</kbd></button>
  </>;
  return <>
    <h2>Workflow</h2>
    <Inspection prefix={prefix} base="" problems={problems.filter((problem) => spotOf(problem).on === "workflow")} saved={problems}><WorkflowForm document={document} put={(fields, topic) => apply({ do: "putFields", fields }, topic)} /></Inspection>
  </>;
}
