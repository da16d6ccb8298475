/** The panel of an assumed failure, the bar of the current trial and its dialogs. Loaded after the designer. */
import type { ReactElement } from "react";
import { effectsOf } from "../model/effects";
import { WhatIfPanel } from "../../graph/whatIf/WhatIfPanel";
import { StepTrial } from "./StepTrial";
import { TrialBar } from "./TrialBar";
import { TrialDialog } from "./TrialDialog";
import type { Trials } from "./useTrials";

export default function TrialPanels({ trials }: { readonly trials: Trials }): ReactElement {
  const { api, steps, whatIf, current, bench, openTrial, open, sample, startDraftTrial, startStepTrial } = trials;
  const { whole: { document }, catalog } = bench;
  const close = (): void => open(null);
  return <>
    <WhatIfPanel steps={steps} whatIf={whatIf} />
    <TrialBar current={current} />
    {openTrial === "draft" && <TrialDialog title="Try this draft" label="Input (JSON)" effects={effectsOf(document, catalog)} sample={sample} start={startDraftTrial} close={close} />}
    {openTrial && openTrial !== "draft" && (
      <StepTrial api={api} document={document} catalog={catalog} name={openTrial.step} index={openTrial.index} start={(context, given) => startStepTrial(openTrial.step, context, given)} close={close} />
    )}
  </>;
}
