/** Status badges and the mark of an assumed failure, drawn on a step. */
import { useContext, type ReactElement } from "react";
import { Badge } from "./Badge";
import { markAt, type Mark, type MarkKind } from "../whatIf/whatIf";
import { WhatIfContext } from "../whatIf/useWhatIf";
import { Icon } from "../../shared/icons";
import type { StepStatus } from "./statuses";

const ICON: Readonly<Record<MarkKind, string>> = {
  failing: "cross", caught: "right", undo: "undo", remains: "flag", harmless: "none", maybe: "wait", outside: "none",
};

/** The mark of a step, by its id in the whole workflow; null while no failure is assumed. */
export function useWhatIfMark(step: string): Mark | null {
  const marks = useContext(WhatIfContext);
  return marks && markAt(marks, step);
}

export function WhatIfMark({ mark }: { readonly mark: Mark | null }): ReactElement | null {
  if (!mark?.text) return null;
  return <span className="what-if-mark step-node-what-if" data-what-if={mark.is}><Icon name={ICON[mark.is]} />{mark.text}</span>;
}

/** Two badges: the step's own status and, once there is one, that of its undo. */
export function StatusBadges({ status: { status, undo, note } }: { readonly status: StepStatus }): ReactElement {
  return <>
    <Badge family="step" status={status} />
    {undo !== "none" && <Badge family="undo" status={undo} />}
    {note && <span className="step-node-note">{note}</span>}
  </>;
}
