/** The places in the designer where a draft is tried. */
import { lazy, Suspense, type ReactElement, type ReactNode } from "react";
import { SeekContext } from "../inspector/fields/seek";
import { SourceContext } from "../inspector/fields/source";
import { StatusesContext } from "../../graph/view/statuses";
import { ForesightContext } from "../../graph/foresight/useForesight";
import { chosenStep, type Tries } from "./useTrials";

/** Asked for at once; a designer that lost its connection before does without trials. */
const loading = import("./TrialPanels").catch(() => ({ default: () => <></> }));
const Panels = lazy(() => loading);

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
  return <Suspense fallback={null}><Panels tries={tries} /></Suspense>;
}
