/** The places in the designer where a draft is tried. */
import type { ReactElement, ReactNode } from "react";
import { SeekContext } from "../inspect/seek";
import { SourceContext } from "../inspect/source";
import { actingIn } from "../model/acting";
import { StatusesContext } from "../view/statuses";
import { ForesightPanel } from "./ForesightPanel";
import { StepTry } from "./StepTry";
import { TrialBar } from "./TrialBar";
import { TryDialog } from "./TryDialog";
import { ForesightContext } from "./useForesight";
import { chosenStep, type Tries } from "./useTries";

interface Props {
  readonly tries: Tries;
}

/** What trials, plans, previews and problems tell to everything inside. */
export function Tried({ tries, children }: Props & { readonly children: ReactNode }): ReactElement {
  const { api, foresight, trying, seek, source: run, chooseSource: choose, go } = tries;
  return (
    <StatusesContext value={trying.statuses}><ForesightContext value={foresight.marks}>
      <SourceContext value={{ api, run, choose, go }}><SeekContext value={seek}>{children}</SeekContext></SourceContext>
    </ForesightContext></StatusesContext>
  );
}

export function TryTools({ tries }: Props): ReactElement {
  const { steps, foresight, ask } = tries;
  const step = chosenStep(tries);
  return <>
    <button type="button" className="btn btn-sm" disabled={!steps.length} aria-pressed={foresight.isOpen} onClick={foresight.isOpen ? foresight.close : foresight.open}>What if…</button>
    <button type="button" className="btn btn-sm" disabled={!step} onClick={() => ask(step)}>Try step</button>
    <button type="button" className="btn btn-sm" disabled={!steps.length} onClick={() => ask("draft")}>Try it</button>
  </>;
}

export function TryPanels({ tries }: Props): ReactElement {
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
