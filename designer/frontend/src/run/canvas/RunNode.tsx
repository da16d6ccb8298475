/** A step of a run: the step of the workflow with two badges, forward and undo. */
import { Handle, Position, useStore, type Node, type NodeProps } from "@xyflow/react";
import { createContext, memo, useContext, useSyncExternalStore, type ReactElement } from "react";
import type { StepView } from "../../graph/model/nodes";
import { FAILED, isFar } from "../../graph/view/flow";
import { Icon } from "../../shared/icons";
import { StepNode, type StepFlowNode } from "../../graph/view/StepNode";
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
      <StatusesContext value={NONE}><StepNode {...(props as unknown as NodeProps<StepFlowNode>)} /></StatusesContext>
      {isMark && <Marks status={status} />}
      {props.data.hasRun && <Opener id={props.id} />}
    </div>
  );
}

function FrameNodeView({ id, data }: NodeProps<RunFlowNode>): ReactElement {
  const status = useStatus(id);
  const page = useContext(TreeContext)?.pageOf(id);
  return (
    <div className="run-node run-frame" data-node={id} data-status={status?.status} data-undo={status?.undo}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="run-frame-head">
        <Icon name="flow" /><strong>{data.title}</strong><span className="code">{data.does}</span>
        {page && <a className="nodrag nopan" href={page}>Its own page</a>}
      </div>
      <Marks status={status} />
      <Opener id={id} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
      <Handle id={FAILED} type="source" position={Position.Bottom} isConnectable={false} />
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
  const isOpen = tree.isOpen(id);
  return (
    <button
      type="button" className="run-open nodrag nopan" aria-expanded={isOpen} aria-label={`${isOpen ? "Close" : "Open"} the run of ${id}`}
      onClick={(event) => { event.stopPropagation(); void tree.toggle(id).then(() => refocus(id)); }}
    >
      <Icon name="flow" />{isOpen ? "Close" : "Open"}
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
