/** The places in the designer where a draft is tried. */
import type { ReactElement, ReactNode } from "react";
import { ForesightPanel } from "./ForesightPanel";
import { ForesightContext } from "./useForesight";
import type { Tries } from "./useTries";

interface Props {
  readonly tries: Tries;
}

export function Tried({ tries, children }: Props & { readonly children: ReactNode }): ReactElement {
  return <ForesightContext value={tries.foresight.marks}>{children}</ForesightContext>;
}

export function TryTools({ tries: { steps, foresight } }: Props): ReactElement {
  return (
    <button type="button" className="btn btn-sm" disabled={!steps.length} aria-pressed={foresight.isOpen} onClick={foresight.isOpen ? foresight.close : foresight.open}>What if…</button>
  );
}

export function TryPanels({ tries: { steps, foresight } }: Props): ReactElement {
  return <ForesightPanel steps={steps} foresight={foresight} />;
}
