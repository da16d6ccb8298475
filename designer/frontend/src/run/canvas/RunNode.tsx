/** A step of a run: the step of the workflow with two badges, forward and undo. */
import { Handle, Position, useStore, type Node, type NodeProps } from "@xyflow/react";
import { createContext, memo, useContext, useSyncExternalStore, type ReactElement } from "react";
import type { StepView } from "../../graph/model/nodes";
import { FAILED, failedSide, isFar } from "../../graph/view/flow";
import { Icon } from "../../shared/icons";
import { StepNode } from "../../graph/view/StepNode";
import { Statuses, StatusesContext, useStatus, type StepStatus } from "../../graph/view/statuses";
import { find } from "../../shared/dom";
import { Badge } from "../../graph/view/Badge";
import type { RunTree } from "../live/tree";

export type RunFlowNode = Node<StepView & { readonly hasRun: boolean }, "step" | "frame">;

/** The inner step has no status of its own: `RunNode` draws it around. */
const NONE = new Statuses();

export const TreeContext = createContext<RunTree | null>(null);

function RunNodeView(props: NodeProps<RunFlowNode>): ReactElement {
  const status = useStatus(props.id);
  const isMark = !useStore(isFar);
  return (
    <div className="run-node" data-node={props.id} data-status={status?.status} data-undo={status?.undo}>
      <StatusesContext value={NONE}><StepNode {...props} /></StatusesContext>
      {isMark && <Marks status={status} />}
      {props.data.hasRun && <Opener id={props.id} />}
    </div>
  );
}

function FrameNodeView({ id, data, sourcePosition = Position.Right, targetPosition = Position.Left }: NodeProps<RunFlowNode>): ReactElement {
  const status = useStatus(id);
  const tree = useContext(TreeContext);
  useSyncExternalStore(tree?.subscribe ?? NEVER, () => tree?.pageOf(id));
  const [page, item] = [tree?.pageOf(id), tree?.itemOf(id) ?? null];
  return (
    <div className="run-node run-frame" data-node={id} data-status={status?.status} data-undo={status?.undo}>
      <Handle type="target" position={targetPosition} isConnectable={false} />
      <div className="run-frame-head">
        <Icon name="flow" /><strong>{data.title}</strong><span className="code">{data.does}</span>{item !== null && <span>{data.kind === "loop" ? "turn" : "item"} {item + 1}</span>}
        {page && <a className="nodrag nopan" href={page}>Its own page</a>}
      </div>
      <Marks status={status} />
      <Opener id={id} />
      <Handle type="source" position={sourcePosition} isConnectable={false} />
      <Handle id={FAILED} type="source" position={failedSide(sourcePosition)} isConnectable={false} />
    </div>
  );
}

function Marks({ status }: { readonly status: StepStatus | undefined }): ReactElement | null {
  if (!status) return null;
  const { undo, place, note } = status;
  return (
    <>
      <span className="run-mark run-mark-forward"><Badge family="step" status={status.status} /></span>
      {undo !== "none" && (
        <span className="run-mark run-mark-undo">
          {place ? <b className="run-place" title={`Number ${place} in the line of undos`}>{place}</b> : null}
          <Badge family="undo" status={undo} />
        </span>
      )}
      {note && <span className="run-note">{note}</span>}
    </>
  );
}

function Opener({ id }: { readonly id: string }): ReactElement | null {
  const tree = useContext(TreeContext);
  useSyncExternalStore(tree?.subscribe ?? NEVER, () => tree?.isOpen(id) ?? false);
  if (!tree) return null;
  const [isOpen, hasBody] = [tree.isOpen(id), tree.hasBody(id)];
  const [open, close, what] = hasBody ? ["Unfold", "Fold", "steps"] : ["Open", "Close", "run"];
  return (
    <button
      type="button" className="run-open nodrag nopan" aria-expanded={isOpen} aria-label={`${isOpen ? close : open} the ${what} of ${id}`}
      onKeyDown={(event) => { if (event.key === "Enter" || event.key === " ") event.stopPropagation(); }}
      onClick={(event) => { event.stopPropagation(); void tree.toggle(id).then(() => refocus(id)); }}
    >
      <Icon name="flow" />{isOpen ? close : open}
    </button>
  );
}

/** Opening a run creates the canvas again, so the focus returns to the pressed button. */
function refocus(id: string): void {
  requestAnimationFrame(() => requestAnimationFrame(() => {
    find(document, `[data-node="${CSS.escape(id)}"] .run-open`)?.focus({ preventScroll: true });
  }));
}

const NEVER = (): (() => void) => () => undefined;

export const RunNode = memo(RunNodeView);
export const FrameNode = memo(FrameNodeView);
