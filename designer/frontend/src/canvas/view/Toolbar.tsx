/** The bar above the canvas: what is designed, whether it is saved, and the acts on it. */
import type { ReactElement } from "react";
import { stepsOf, textOf } from "../model/document";
import type { Asked, Brought } from "./asked";
import type { EditData } from "./data";
import { FileMenu } from "./FileMenu";
import { SaveBadge } from "./SaveBadge";
import type { Workbench } from "./useWorkbench";

interface Props {
  readonly data: EditData;
  readonly bench: Workbench;
  readonly ask: (dialog: Asked) => void;
  readonly tries: ReactElement;
  readonly bring: (brought: Brought) => void;
  readonly hasOutline: boolean;
  readonly toggleOutline: () => void;
}

export function Toolbar({ data, bench, ask, bring, tries, hasOutline, toggleOutline }: Props): ReactElement {
  const { design, chosen } = bench;
  const nothing = !chosen.steps.size && !chosen.edges.size;
  return (
    <div className="designer-bar" role="toolbar" aria-label="Design">
      <a className="designer-name" href={data.page}>{textOf(design.document.title) || data.name}</a>
      <SaveBadge state={design.save} login={data.login} />
      <div className="designer-tools">
        <button type="button" className="btn btn-sm" onClick={() => ask("add")} aria-keyshortcuts="/">Add step <kbd aria-hidden="true">/</kbd></button>
        <button type="button" className="btn btn-sm" disabled={!stepsOf(design.document).length} onClick={() => ask("find")} aria-keyshortcuts="Control+K">Search</button>
        <button type="button" className="btn btn-sm" disabled={!design.canUndo} onClick={design.undo} aria-keyshortcuts="Control+Z">Undo</button>
        <button type="button" className="btn btn-sm" disabled={!design.canRedo} onClick={design.redo} aria-keyshortcuts="Control+Shift+Z">Redo</button>
        <button type="button" className="btn btn-sm" disabled={!chosen.steps.size} onClick={bench.duplicate} aria-keyshortcuts="Control+D">Duplicate</button>
        <button type="button" className="btn btn-sm" disabled={nothing} onClick={bench.removeChosen}>Delete</button>
        <button type="button" className="btn btn-sm" disabled={!stepsOf(design.document).length} onClick={bench.arrange}>Arrange</button>
        {tries}
        <button type="button" className="btn btn-sm" aria-pressed={hasOutline} onClick={toggleOutline}>Outline</button>
        <FileMenu data={data} bench={bench} ask={ask} bring={bring} />
        <button type="button" className="btn btn-sm btn-primary" onClick={() => ask("publish")}>Publish</button>
      </div>
    </div>
  );
}
