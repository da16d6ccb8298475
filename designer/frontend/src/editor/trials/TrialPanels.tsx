/** The panel of an assumed failure, the bar of the current trial and its dialogs. Loaded after the designer. */
import { lazy, Suspense, type ReactElement } from "react";
import { effectsOf } from "../model/effects";
import { WhatIfPanel } from "../../graph/whatIf/WhatIfPanel";
import { StepTrial } from "./StepTrial";
import { TrialBar } from "./TrialBar";
import { TrialDialog } from "./TrialDialog";
import type { Trials } from "./useTrials";

const SavedTests = lazy(() => import("./SavedTests"));

export default function TrialPanels({ trials }: { readonly trials: Trials }): ReactElement {
  const { api, steps, whatIf, current, bench, openTrial, open, sample, save, startDraftTrial, startStepTrial } = trials;
  const { whole: { document }, catalog } = bench;
  const close = (): void => open(null);
  return <>
    <WhatIfPanel steps={steps} whatIf={whatIf} />
    <TrialBar api={api} current={current} />
    {openTrial === "draft" && <TrialDialog title="Try this draft" label="Input (JSON)" effects={effectsOf(document, catalog)} sample={sample} start={startDraftTrial} close={close} />}
    {openTrial === "tests" && <Suspense fallback={null}><SavedTests api={api} save={save} close={close} /></Suspense>}
    {openTrial && openTrial !== "draft" && openTrial !== "tests" && (
      <StepTrial api={api} catalog={catalog} tried={openTrial} start={(context, given) => startStepTrial(openTrial, context, given)} close={close} />
    )}
  </>;
}
