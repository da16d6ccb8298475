/** What a step is doing, and what a failure would mean for it: drawn on the step, kept outside of the nodes. */
import { useContext, type ReactElement } from "react";
import { Badge } from "./Badge";
import { OUTSIDE, type Mark, type MarkKind } from "../foresight/foresight";
import { ForesightContext } from "../foresight/useForesight";
import { Icon } from "../../shared/icons";
import type { StepStatus } from "./statuses";

const ICON: Readonly<Record<MarkKind, string>> = {
  failing: "cross", undo: "undo", remains: "flag", harmless: "none", maybe: "wait", outside: "none",
};

/** The mark of a step, or null while nobody asks what a failure would lead to. */
export function useMark(step: string): Mark | null {
  const marks = useContext(ForesightContext);
  return marks && (marks.get(step) ?? OUTSIDE);
}

export function ForesightMark({ mark }: { readonly mark: Mark | null }): ReactElement | null {
  if (!mark?.text) return null;
  return <span className="foresight-mark step-node-foresight" data-foresight={mark.is}><Icon name={ICON[mark.is]} />{mark.text}</span>;
}

/** Two badges: the step's own status and, once there is one, that of its undo. */
export function StatusBadges({ status: { status, undo, note } }: { readonly status: StepStatus }): ReactElement {
  return <>
    <Badge family="step" status={status} />
    {undo !== "none" && <Badge family="undo" status={undo} />}
    {note && <span className="step-node-note">{note}</span>}
  </>;
}
