/** A step on the canvas: its work above, its undo below. */
import { Handle, Position, useStore, type Node, type NodeProps } from "@xyflow/react";
import { memo, useContext, type ReactElement } from "react";
import { OpenBodyContext } from "./Crumbs";
import type { StepView } from "../model/nodes";
import { FAILED, isFar } from "./flow";
import { Icon } from "../../shared/icons";
import { KINDS } from "../../shared/kinds";
import { SLOT_LOOKS } from "../../shared/vocabulary";
import { WhatIfMark, StatusBadges, useWhatIfMark } from "./NodeMarks";
import { StatisticBadges, UndoStatistics, useStepStatistics } from "./statistics";
import { useStatus } from "./statuses";

export type StepFlowNode = Node<StepView, "step">;

function StepNodeView(props: NodeProps<StepFlowNode>): ReactElement {
  return useStore(isFar) ? <FarStep {...props} /> : <NearStep {...props} />;
}

/** A step that is too small to be read: only its title and whether it has problems. */
function FarStep({ id, data, selected }: NodeProps<StepFlowNode>): ReactElement {
  const [mark, status] = [useWhatIfMark(id), useStatus(id)];
  return <div className="step-node step-node-far" data-status={status?.status} data-selected={selected || undefined} data-what-if={mark?.is} data-marked={markedOf(data)}>{data.title}</div>;
}

function NearStep({ id, data, selected, isConnectable }: NodeProps<StepFlowNode>): ReactElement {
  const { kind, title, name, does, badges, inner, slot, marks } = data;
  const status = useStatus(id);
  const mark = useWhatIfMark(id);
  const statistics = useStepStatistics(id);
  const open = useContext(OpenBodyContext);
  return <>
    <WhatIfMark mark={mark} />
    <div className="step-node" data-kind={kind} data-inner={inner !== null || undefined} data-selected={selected || undefined} data-what-if={mark?.is} data-marked={markedOf(data)}>
      <Handle type="target" position={Position.Left} isConnectable={isConnectable} role="img" aria-label={`Into ${name}`} />
      <div className="step-node-head">
        <Icon name={KINDS[kind].icon} />
        <strong>{title}</strong>
        {marks && <span className="step-node-mark" title={marksText(marks)}><Icon name="alert" /><span className="sr-only">{marksText(marks)}</span></span>}
      </div>
      <div className="step-node-does"><span className="sr-only">{KINDS[kind].noun}: </span><span className="code">{does}</span></div>
      <div className="step-node-badges">{status ? <StatusBadges status={status} /> : statistics ? <StatisticBadges statistics={statistics} /> : badges.map((badge) => <span key={badge}>{badge}</span>)}</div>
      <div className="step-node-undo" data-holds={slot.holds}>
        <Icon name={SLOT_LOOKS[slot.holds].icon} />
        <span className="sr-only">Undo: </span>
        <span className={slot.holds === "action" ? "code" : undefined}>{slot.text}</span>
        {statistics && <UndoStatistics statistics={statistics} />}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={isConnectable} role="img" aria-label={`Out of ${name}`} />
    </div>
    {open && inner !== null && (
      <button type="button" className="step-node-open nodrag nopan" aria-label={`Open the steps of ${name}`} onClick={(event) => { event.stopPropagation(); open(id); }}><Icon name="flow" />Open</button>
    )}
    <Handle id={FAILED} type="source" position={Position.Bottom} isConnectable={isConnectable} role="img" aria-label={`Out of ${name} if it fails`} title="Draw from here where a failure leads" />
  </>;
}

function markedOf({ marks }: StepView): "error" | "warning" | undefined {
  return marks ? (marks.errors ? "error" : "warning") : undefined;
}

function marksText({ errors, warnings }: { errors: number; warnings: number }): string {
  return errors ? `${errors} problem${errors > 1 ? "s" : ""}` : `${warnings} warning${warnings > 1 ? "s" : ""}`;
}

export const StepNode = memo(StepNodeView);
