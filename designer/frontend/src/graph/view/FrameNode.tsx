/** A step whose body is drawn in place: a frame around its steps. */
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { FAILED, failedSide } from "./flow";
import { useWholeId } from "./inside";
import { BodyButtons, markedOf, ProblemMark, StepBadges, UndoSlot, type StepFlowNode } from "./StepNode";
import { Icon } from "../../shared/icons";
import { KINDS } from "../../shared/kinds";
import { useWhatIfMark, WhatIfMark } from "./NodeMarks";

function FrameNodeView({ id, data, selected, isConnectable, sourcePosition = Position.Right, targetPosition = Position.Left }: NodeProps<StepFlowNode>): ReactElement {
  const { kind, title, name, does, inner, slot } = data;
  const whole = useWholeId(id);
  const mark = useWhatIfMark(whole);
  return <>
    <WhatIfMark mark={mark} />
    <div className="step-frame" data-selected={selected || undefined} data-what-if={mark?.is} data-marked={markedOf(data)}>
      <Handle type="target" position={targetPosition} isConnectable={isConnectable} role="img" aria-label={`Into ${name}`} />
      <div className="step-frame-head">
        <Icon name={KINDS[kind].icon} /><strong>{title}</strong><ProblemMark data={data} />
        <span className="step-node-does"><span className="code">{does}</span></span>
      </div>
      <div className="step-frame-foot"><UndoSlot id={whole} slot={slot} /><StepBadges id={whole} badges={data.badges} /></div>
      {inner === 0 && <p className="step-frame-empty">No steps yet</p>}
      <Handle type="source" position={sourcePosition} isConnectable={isConnectable} role="img" aria-label={`Out of ${name}`} />
    </div>
    <BodyButtons id={id} name={name} isFrame />
    <Handle id={FAILED} type="source" position={failedSide(sourcePosition)} isConnectable={isConnectable} role="img" aria-label={`Out of ${name} if it fails`} title="Draw from here where a failure leads" />
  </>;
}

export const FrameNode = memo(FrameNodeView);
