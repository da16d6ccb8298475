/** The bar above the canvas: the workflow's title, whether it is saved, and actions. */
import type { ReactElement } from "react";
import { stepsOf, textOf } from "../../graph/model/document";
import type { DialogName, ImportedFile } from "../draft/openDialog";
import type { EditData } from "../draft/data";
import { FileMenu } from "./FileMenu";
import { Icon } from "../../shared/icons";
import { SaveBadge } from "./SaveBadge";
import type { Workbench } from "../draft/useWorkbench";

interface Props {
  readonly data: EditData;
  readonly bench: Workbench;
  readonly ask: (dialog: DialogName) => void;
  readonly trials: ReactElement;
  readonly importFile: (imported: ImportedFile) => void;
  readonly hasOutline: boolean;
  readonly toggleOutline: () => void;
}

export function Toolbar({ data, bench, ask, importFile, trials, hasOutline, toggleOutline }: Props): ReactElement {
  const { design, chosen } = bench;
  const nothing = !chosen.steps.size && !chosen.edges.size;
  const isEmpty = !stepsOf(design.document).length;
  return (
    <div className="designer-bar" role="toolbar" aria-label="Design">
      <a className="designer-name" href={data.page}>{textOf(bench.whole.document.title) || data.name}</a>
      <SaveBadge state={design.save} login={data.login} />
      <div className="designer-tools">
        <button type="button" className="btn btn-sm" onClick={() => ask("add")} aria-keyshortcuts="/"><Icon name="plus" />Add step <kbd aria-hidden="true">/</kbd></button>
        <span className="tool-group">
          <Tool name="Undo" icon="undo" keys="Control+Z" isOff={!design.canUndo} act={design.undo} />
          <Tool name="Redo" icon="redo" keys="Control+Shift+Z" isOff={!design.canRedo} act={design.redo} />
        </span>
        <span className="tool-group">
          <Tool name="Duplicate" icon="copy" keys="Control+D" isOff={!chosen.steps.size} act={bench.duplicate} />
          <Tool name="Delete" icon="bin" keys="Delete" isOff={nothing} act={bench.removeChosen} />
        </span>
        <span className="tool-group">
          <Tool name="Search" icon="search" keys="Control+K" isOff={isEmpty} act={() => ask("find")} />
          <Tool name={bench.direction === "right" ? "Arrange" : "Arrange from left to right"} icon="arrange" isOff={isEmpty} act={() => bench.arrange("right")} />
          <Tool name={bench.direction === "down" ? "Arrange" : "Arrange from top to bottom"} icon="arrange-down" isOff={isEmpty} act={() => bench.arrange("down")} />
        </span>
        {trials}
        <button type="button" className="btn btn-sm" aria-pressed={hasOutline} onClick={toggleOutline}>Outline</button>
        <FileMenu data={data} bench={bench} ask={ask} importFile={importFile} />
        <button type="button" className="btn btn-sm btn-primary" onClick={() => ask("publish")}>Publish</button>
      </div>
    </div>
  );
}

interface ToolProps {
  readonly name: string;
  readonly icon: string;
  /** As ARIA writes them: `Control+Shift+Z`. */
  readonly keys?: string;
  readonly isOff: boolean;
  readonly act: () => void;
}

/** An action as an icon; its name and keys appear on hover and to screen readers. */
function Tool({ name, icon, keys, isOff, act }: ToolProps): ReactElement {
  const title = keys ? `${name} (${keys.replace("Control", "Ctrl").replaceAll("+", " ")})` : name;
  return (
    <button type="button" className="btn btn-sm btn-square" disabled={isOff} onClick={act} aria-keyshortcuts={keys} title={title}>
      <Icon name={icon} /><span className="sr-only">{name}</span>
    </button>
  );
}
