/** The dialogs of the designer. Loaded after the designer itself. */
import { present } from "../../shared/present";
import { useState, type ReactElement } from "react";
import { useMatchingOperations } from "../draft/operations";
import { useTaking } from "../draft/useTaking";
import { keyOf, type Api } from "../model/operations";
import { search } from "../../graph/model/catalog";
import { stepsOf, textOf } from "../../graph/model/document";
import { followersOf } from "../model/rules";
import type { DialogName, ImportedFile } from "../draft/openDialog";
import { ImportDialog } from "./ImportDialog";
import { ChooseDialog, type Choice } from "./ChooseDialog";
import type { EditData } from "../draft/data";
import { Dialog } from "../controls/Dialog";
import { KINDS } from "../../shared/kinds";
import { traitsOf } from "../../graph/model/document";
import { MergeDialog } from "./MergeDialog";
import { PublishDialog } from "./PublishDialog";
import type { Workbench } from "../draft/useWorkbench";
import { VersionsDialog } from "./VersionsDialog";

interface Props {
  readonly data: EditData;
  readonly bench: Workbench;
  readonly asked: DialogName | null;
  readonly imported: ImportedFile | null;
  readonly close: () => void;
}

export default function Dialogs({ data, bench, asked, imported, close }: Props): ReactElement | null {
  const { whole: design } = bench;
  const { document, problems, save } = design;
  if (save.is === "conflict") return <MergeDialog base={save.base} mine={save.mine} theirs={save.theirs} settle={design.settle} />;
  if (imported) return <ImportDialog document={document} imported={imported} bench={bench} close={close} />;
  switch (asked) {
    case "add": return <Add bench={bench} apis={data.apis} close={close} />;
    case "connect": return <Connect bench={bench} isError={false} close={close} />;
    case "catch": return <Connect bench={bench} isError close={close} />;
    case "find": return <Find bench={bench} close={close} />;
    case "keys": return <Keys close={close} />;
    case "publish": return <PublishDialog document={document} published={data.published} problems={problems} url={data.page} api={data.api} publish={design.publish} close={close} />;
    case "versions": return <VersionsDialog data={data} bench={bench} close={close} />;
    case null: return null;
  }
}

interface PartProps {
  readonly bench: Workbench;
  readonly close: () => void;
}

function Add({ bench, apis, close }: PartProps & { readonly apis: readonly Api[] }): ReactElement {
  const after = bench.ids[bench.step];
  const taking = useTaking(bench);
  const [words, type] = useState("");
  const operations = useMatchingOperations(apis, words);
  const find = (text: string): Choice[] => [
    ...search(bench.blocks, text).map(({ key, kind, title, group }) => ({ key, icon: KINDS[kind].icon, text: title, note: group.replace("/", ", ") })),
    ...operations.map(({ connection, id, title, method, url }) => ({ key: keyOf(connection, id), icon: "link", text: title, note: `${connection}: ${method} ${url}` })),
  ];
  const choose = (key: string): void => {
    const block = bench.blocks.find((candidate) => candidate.key === key);
    if (block) bench.addBeside(block);
    else taking.addOperation(key);
    close();
  };
  return <ChooseDialog title={after ? `Add a step after ${after}` : "Add a step"} label="Search steps" find={find} typed={type} choose={choose} close={close} />;
}

function Connect({ bench, isError, close }: PartProps & { readonly isError: boolean }): ReactElement {
  const { design: { document }, ids, step } = bench;
  const from = ids[step] ?? "";
  const free = new Set(followersOf(document, from, isError));
  const choose = (to: string): void => {
    bench.connect(from, to, isError);
    close();
  };
  return <ChooseDialog title={isError ? `If ${from} fails, go to` : `Connect ${from} to`} label="Search the next step" find={(text) => stepChoices(bench, text).filter(({ key }) => free.has(key))} choose={choose} close={close} />;
}

function Find({ bench, close }: PartProps): ReactElement {
  const choose = (id: string): void => {
    bench.show(id);
    close();
  };
  return <ChooseDialog title="Go to a step" label="Search steps of this workflow" find={(text) => stepChoices(bench, text)} choose={choose} close={close} />;
}

/** Steps of which title, name or worker hold every word. */
function stepChoices({ design: { document }, ids }: Workbench, text: string): Choice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return stepsOf(document).flatMap((step, index) => {
    const [id, title, worker] = [present(ids[index]), textOf(step.title), textOf(step.worker)];
    const all = `${title} ${id} ${worker}`.toLowerCase();
    return words.every((word) => all.includes(word)) ? [{ key: id, icon: traitsOf(step).icon, text: title || id, note: title ? id : worker }] : [];
  });
}

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "Add a step after the chosen one"], ["Ctrl K", "Go to a step"], ["Ctrl Z, Ctrl Shift Z", "Undo, redo"],
  ["Ctrl C, Ctrl X, Ctrl V", "Copy, cut, paste; also between tabs"], ["Ctrl D", "Duplicate"], ["Ctrl A", "Choose all steps"],
  ["Delete", "Delete what is chosen"], ["C", "Connect the chosen step"], ["E", "Say where a failure of the chosen step leads"], ["O", "Go to the outline"], ["?", "This list"],
  ["In the outline: ↑ ↓ Home End", "Go from step to step"], ["→ ←", "Unfold and fold a step"], ["Enter", "Open in the inspector; Escape goes back"],
  ["Space", "Add to what is chosen, or take away"], ["B, Shift B", "Open the steps inside the chosen step, and go back out"], ["F", "Draw the steps inside the chosen step in place, or no longer"], ["G", "Put the chosen steps into a group"],
  ["A, C, E, U", "Add after, connect, on failure, undo slot"], ["Alt with an arrow", "Move the step on the canvas"],
];

function Keys({ close }: { readonly close: () => void }): ReactElement {
  return (
    <Dialog title="Keys" close={close}>
      <dl className="keys">{KEYS.map(([keys, does]) => <div key={keys}><dt><kbd>{keys}</kbd></dt><dd>{does}</dd></div>)}</dl>
      <div className="actions"><button type="button" className="btn" autoFocus onClick={close}>Close</button></div>
    </Dialog>
  );
}
