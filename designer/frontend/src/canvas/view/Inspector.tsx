/** What is chosen on the canvas, as forms: a step, an edge, or the workflow itself. */
import type { ReactElement } from "react";
import { edgesOf, idsOf, stepsOf, textOf } from "../model/document";
import { problemsAt, type Problem } from "../model/problems";
import { EdgeForm } from "./EdgeForm";
import { Links } from "./Links";
import { ProblemList } from "./ProblemList";
import { StepForm } from "./StepForm";
import type { Workbench } from "./useWorkbench";
import { WorkflowForm } from "./WorkflowForm";

export function Inspector({ bench }: { readonly bench: Workbench }): ReactElement {
  return <aside className="inspector" aria-label="Inspector"><Inspected bench={bench} /></aside>;
}

function Inspected({ bench }: { readonly bench: Workbench }): ReactElement {
  const { design: { document, problems }, catalog, chosen, step: index, edge, act } = bench;
  const step = stepsOf(document)[index];
  const line = edgesOf(document)[edge];
  if (step) {
    const id = idsOf(stepsOf(document))[index]!;
    return <>
      <h2>{textOf(step.title) || id}</h2>
      <Here problems={problemsAt(problems, "step", index)} />
      <StepForm step={step} catalog={catalog} put={(next, topic) => bench.putStep(index, next, topic)}
        links={<Links document={document} from={id} connect={(to) => bench.connect(id, to)} open={bench.chooseEdge} />} />
    </>;
  }
  if (line) return <>
    <h2>Edge</h2>
    <Here problems={problemsAt(problems, "edge", edge)} />
    <EdgeForm edge={line} put={(next, topic) => act({ do: "putEdge", index: edge, edge: next }, `edge ${edge} ${topic}`)} remove={() => bench.remove([], [`${edge}:`])} />
  </>;
  if (chosen.steps.size > 1) return <h2>{chosen.steps.size} steps chosen</h2>;
  return <>
    <h2>Workflow</h2>
    <WorkflowForm document={document} put={(fields, topic) => act({ do: "putFields", fields }, topic)} />
  </>;
}

function Here({ problems }: { readonly problems: readonly Problem[] }): ReactElement | null {
  return problems.length ? <ProblemList problems={problems} /> : null;
}
