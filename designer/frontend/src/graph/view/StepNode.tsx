/** A step on the canvas: its work above, its undo below. */
import { Handle, Position, useStore, type Node, type NodeProps } from "@xyflow/react";
import { memo, useContext, type ReactElement } from "react";
import { BodyActsContext, useWholeId } from "./inside";
import type { StepView } from "../model/nodes";
import { FAILED, failedSide, isFar } from "./flow";
import { Icon } from "../../shared/icons";
import { KINDS } from "../../shared/kinds";
import { SLOT_LOOKS } from "../../shared/vocabulary";
import { WhatIfMark, StatusBadges, useWhatIfMark } from "./NodeMarks";
import { StatisticBadges, UndoStatistics, useStepStatistics } from "./statistics";
import { useStatus } from "./statuses";

export type StepFlowNode = Node<StepView, "step" | "frame">;

function StepNodeView(props: NodeProps<StepFlowNode>): ReactElement {
  return useStore(isFar) ? <FarStep {...props} /> : <NearStep {...props} />;
}

/** A step that is too small to be read: only its title and whether it has problems. */
function FarStep({ id, data, selected }: NodeProps<StepFlowNode>): ReactElement {
  const whole = useWholeId(id);
  const [mark, status] = [useWhatIfMark(whole), useStatus(whole)];
  return <div className="step-node step-node-far" data-status={status?.status} data-selected={selected || undefined} data-what-if={mark?.is} data-marked={markedOf(data)}>{data.title}</div>;
}

function NearStep({ id, data, selected, isConnectable, sourcePosition = Position.Right, targetPosition = Position.Left }: NodeProps<StepFlowNode>): ReactElement {
  const { kind, title, name, does, badges, inner, slot } = data;
  const whole = useWholeId(id);
  const mark = useWhatIfMark(whole);
  return <>
    <WhatIfMark mark={mark} />
    <div className="step-node" data-kind={kind} data-inner={inner !== null || undefined} data-selected={selected || undefined} data-what-if={mark?.is} data-marked={markedOf(data)}>
      <Handle type="target" position={targetPosition} isConnectable={isConnectable} role="img" aria-label={`Into ${name}`} />
      <div className="step-node-head">
        <Icon name={KINDS[kind].icon} />
        <strong>{title}</strong>
        <ProblemMark data={data} />
      </div>
      <div className="step-node-does"><span className="sr-only">{KINDS[kind].noun}: </span><span className="code">{does}</span></div>
      <StepBadges id={whole} badges={badges} />
      <UndoSlot id={whole} slot={slot} />
      <Handle type="source" position={sourcePosition} isConnectable={isConnectable} role="img" aria-label={`Out of ${name}`} />
    </div>
    {inner !== null && <BodyButtons id={id} name={name} />}
    <Handle id={FAILED} type="source" position={failedSide(sourcePosition)} isConnectable={isConnectable} role="img" aria-label={`Out of ${name} if it fails`} title="Draw from here where a failure leads" />
  </>;
}

export function ProblemMark({ data: { marks } }: { readonly data: StepView }): ReactElement | null {
  return marks && <span className="step-node-mark" title={marksText(marks)}><Icon name="alert" /><span className="sr-only">{marksText(marks)}</span></span>;
}

/** The status in a trial, else figures of ended runs, else what the step states. `id` is that of the whole workflow. */
export function StepBadges({ id, badges }: { readonly id: string; readonly badges: readonly string[] }): ReactElement {
  const [status, statistics] = [useStatus(id), useStepStatistics(id)];
  return <div className="step-node-badges">{status ? <StatusBadges status={status} /> : statistics ? <StatisticBadges statistics={statistics} /> : badges.map((badge) => <span key={badge}>{badge}</span>)}</div>;
}

export function UndoSlot({ id, slot }: { readonly id: string; readonly slot: StepView["slot"] }): ReactElement {
  const statistics = useStepStatistics(id);
  return (
    <div className="step-node-undo" data-holds={slot.holds}>
      <Icon name={SLOT_LOOKS[slot.holds].icon} />
      <span className="sr-only">Undo: </span>
      <span className={slot.holds === "action" ? "code" : undefined}>{slot.text}</span>
      {statistics && <UndoStatistics statistics={statistics} />}
    </div>
  );
}

/** Buttons for the body of a step: drawn in place or not, and on a canvas of its own. */
export function BodyButtons({ id, name, isFrame = false }: { readonly id: string; readonly name: string; readonly isFrame?: boolean }): ReactElement | null {
  const acts = useContext(BodyActsContext);
  if (!acts) return null;
  return (
    <div className="step-node-body nodrag nopan" onClick={(event) => event.stopPropagation()} onDoubleClick={(event) => event.stopPropagation()}>
      <button type="button" aria-expanded={isFrame} aria-label={`${isFrame ? "Fold" : "Unfold"} the steps of ${name}`} onClick={() => acts.fold(id)}><Icon name={isFrame ? "minus" : "plus"} />{isFrame ? "Fold" : "Unfold"}</button>
      <button type="button" aria-label={`Open the steps of ${name}`} onClick={() => acts.open(id)}><Icon name="flow" />Open</button>
    </div>
  );
}

export function markedOf({ marks }: StepView): "error" | "warning" | undefined {
  return marks ? (marks.errors ? "error" : "warning") : undefined;
}

function marksText({ errors, warnings }: { errors: number; warnings: number }): string {
  return errors ? `${errors} problem${errors > 1 ? "s" : ""}` : `${warnings} warning${warnings > 1 ? "s" : ""}`;
}

export const StepNode = memo(StepNodeView);
