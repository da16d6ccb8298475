/** The panels and questions of foresight and trials; loaded beside the designer. */
import type { ReactElement } from "react";
import { actingIn } from "../model/effects";
import { ForesightPanel } from "../../graph/foresight/ForesightPanel";
import { StepTry } from "./StepTrial";
import { TrialBar } from "./TrialBar";
import { TryDialog } from "./TrialDialog";
import type { Tries } from "./useTrials";

export default function TryPanels({ tries }: { readonly tries: Tries }): ReactElement {
  const { api, steps, foresight, trying, bench, asked, ask, sample, tryDraft, tryStep } = tries;
  const { design: { document }, catalog } = bench;
  const close = (): void => ask(null);
  return <>
    <ForesightPanel steps={steps} foresight={foresight} />
    <TrialBar trying={trying} />
    {asked === "draft" && <TryDialog title="Try this draft" label="Input (JSON)" acting={actingIn(document, catalog)} sample={sample} start={tryDraft} close={close} />}
    {asked && asked !== "draft" && (
      <StepTry api={api} document={document} catalog={catalog} name={asked.step} index={asked.index} start={(context, given) => tryStep(asked.step, context, given)} close={close} />
    )}
  </>;
}
