/** A step on the canvas: what it does above, what undoes it below. */
import { Handle, Position, useStore, type Node, type NodeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import type { StepView } from "../model/nodes";
import { isFar } from "./flow";
import { Icon } from "../../shared/icons";
import { KINDS } from "../../shared/kinds";
import { SLOT_LOOKS } from "../../shared/vocabulary";
import { ForesightMark, StatusBadges, useMark } from "./NodeMarks";
import { FigureBadges, UndoFigures, useStepFigures } from "./figures";
import { useStatus } from "./statuses";

export type StepFlowNode = Node<StepView, "step">;

function StepNodeView(props: NodeProps<StepFlowNode>): ReactElement {
  return useStore(isFar) ? <FarStep {...props} /> : <NearStep {...props} />;
}

/** One of very many, too small to be read: its title and whether something is wrong with it. */
function FarStep({ id, data, selected }: NodeProps<StepFlowNode>): ReactElement {
  const [mark, status] = [useMark(id), useStatus(id)];
  return <div className="step-node step-node-far" data-status={status?.status} data-selected={selected || undefined} data-foresight={mark?.is} data-marked={markedOf(data)}>{data.title}</div>;
}

function NearStep({ id, data, selected, isConnectable }: NodeProps<StepFlowNode>): ReactElement {
  const { kind, title, name, does, badges, slot, marks } = data;
  const status = useStatus(id);
  const mark = useMark(id);
  const figures = useStepFigures(id);
  return <>
    <ForesightMark mark={mark} />
    <div className="step-node" data-kind={kind} data-selected={selected || undefined} data-foresight={mark?.is} data-marked={markedOf(data)}>
      <Handle type="target" position={Position.Left} isConnectable={isConnectable} role="img" aria-label={`Into ${name}`} />
      <div className="step-node-head">
        <Icon name={KINDS[kind].icon} />
        <strong>{title}</strong>
        {marks && <span className="step-node-mark" title={saysMarks(marks)}><Icon name="alert" /><span className="sr-only">{saysMarks(marks)}</span></span>}
      </div>
      <div className="step-node-does"><span className="sr-only">{KINDS[kind].noun}: </span><span className="code">{does}</span></div>
      <div className="step-node-badges">{status ? <StatusBadges status={status} /> : figures ? <FigureBadges figures={figures} /> : badges.map((badge) => <span key={badge}>{badge}</span>)}</div>
      <div className="step-node-undo" data-holds={slot.holds}>
        <Icon name={SLOT_LOOKS[slot.holds].icon} />
        <span className="sr-only">Undo: </span>
        <span className={slot.holds === "action" ? "code" : undefined}>{slot.text}</span>
        {figures && <UndoFigures figures={figures} />}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={isConnectable} role="img" aria-label={`Out of ${name}`} />
    </div>
  </>;
}

function markedOf({ marks }: StepView): "error" | "warning" | undefined {
  return marks ? (marks.errors ? "error" : "warning") : undefined;
}

function saysMarks({ errors, warnings }: { errors: number; warnings: number }): string {
  return errors ? `${errors} problem${errors > 1 ? "s" : ""}` : `${warnings} warning${warnings > 1 ? "s" : ""}`;
}

export const StepNode = memo(StepNodeView);
