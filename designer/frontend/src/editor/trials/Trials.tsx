/** What the designer shows of trials: contexts for everything inside, tools and panels. */
import { lazy, Suspense, type ReactElement, type ReactNode } from "react";
import { WantedFieldContext } from "../controls/wantedField";
import { PreviewSourceContext } from "../controls/previewSource";
import { PathContext } from "../../graph/view/inside";
import { StatusesContext } from "../../graph/view/statuses";
import { WhatIfContext } from "../../graph/whatIf/useWhatIf";
import { chosenStep, type Trials } from "./useTrials";

/** Loaded at once, so that trials work when the connection is lost later; without them the designer works on. */
const loading = import("./TrialPanels").catch(() => ({ default: () => <></> }));
const Panels = lazy(() => loading);

interface Props {
  readonly trials: Trials;
}

/** Provides statuses of the trial, marks of an assumed failure, the source of previews and the wanted field. */
export function TrialsProvider({ trials, children }: Props & { readonly children: ReactNode }): ReactElement {
  const { api, whatIf, current, bench, wantedField, source: run, chooseSource: choose, go } = trials;
  return (
    <PathContext value={bench.way.join("/")}><StatusesContext value={current.statuses}><WhatIfContext value={whatIf.marks}>
      <PreviewSourceContext value={{ api, run, choose, go }}><WantedFieldContext value={wantedField}>{children}</WantedFieldContext></PreviewSourceContext>
    </WhatIfContext></StatusesContext></PathContext>
  );
}

export function TrialTools({ trials }: Props): ReactElement {
  const { steps, whatIf, open } = trials;
  const step = chosenStep(trials);
  return <>
    <button type="button" className="btn btn-sm" disabled={!steps.length} aria-pressed={whatIf.isOpen} onClick={whatIf.isOpen ? whatIf.close : whatIf.open}>What if…</button>
    <button type="button" className="btn btn-sm" disabled={!step} onClick={() => open(step)}>Try step</button>
    <button type="button" className="btn btn-sm" disabled={!steps.length} onClick={() => open("draft")}>Try it</button>
    <button type="button" className="btn btn-sm" disabled={!steps.length} onClick={() => open("tests")}>Tests</button>
  </>;
}

export function TrialPanels({ trials }: Props): ReactElement {
  return <Suspense fallback={null}><Panels trials={trials} /></Suspense>;
}
