/** The dialog for an imported file: what it holds, what it would change, and what to do with it. */
import { useEffect, useState, type ReactElement } from "react";
import { readDocument, type Read } from "../draft/api";
import { adopted } from "../model/clipboard";
import { stepsOf, textOf, type Document } from "../../graph/model/document";
import type { ImportedFile } from "../draft/openDialog";
import { Dialog } from "../controls/Dialog";
import { Differences } from "./Differences";
import { ProblemList } from "../controls/ProblemList";
import type { Workbench } from "../draft/useWorkbench";

interface Props {
  readonly document: Document;
  readonly imported: ImportedFile;
  readonly bench: Workbench;
  readonly close: () => void;
}

export function ImportDialog({ document, imported, bench, close }: Props): ReactElement {
  const [read, setRead] = useState<Read | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void readDocument(imported).then((answer) => { if (isCurrent) setRead(answer); });
    return () => { isCurrent = false; };
  }, [imported]);
  return (
    <Dialog title={`Bring in ${imported.name}`} close={close}>
      {read === null ? <p role="status">Reading…</p> : read.is === "refused" ? <Refused message={read.message} close={close} />
        : <Found document={document} read={read} bench={bench} close={close} />}
    </Dialog>
  );
}

function Refused({ message, close }: { readonly message: string; readonly close: () => void }): ReactElement {
  return <>
    <p className="field-error" role="alert">{message}</p>
    <p className="hint">Nothing was changed. A workflow's file is JSON or YAML as the designer exports it.</p>
    <div className="actions"><button type="button" className="btn" autoFocus onClick={close}>Close</button></div>
  </>;
}

interface FoundProps extends Pick<Props, "document" | "bench" | "close"> {
  readonly read: Extract<Read, { is: "document" }>;
}

function Found({ document, read, bench, close }: FoundProps): ReactElement {
  const next = adopted(document, read.document);
  const count = stepsOf(next).length;
  const replace = (): void => {
    bench.replaceAll(next);
    close();
  };
  const add = (): void => {
    bench.takeSteps(read.document);
    close();
  };
  return <>
    <p><strong>{textOf(read.document.title) || textOf(read.document.name) || "A workflow"}</strong>: {count} step{count === 1 ? "" : "s"}. This draft keeps its own name and title.</p>
    {read.problems.length > 0 && <><h3>Problems in the file</h3><ProblemList problems={read.problems} /></>}
    <h3>What replacing would change</h3>
    <Differences before={document} after={next} nothing="Nothing: it is what the draft holds." />
    <div className="actions">
      <button type="button" className="btn" onClick={close}>Cancel</button>
      <button type="button" className="btn" disabled={!count} onClick={add}>Add its steps</button>
      <button type="button" className="btn btn-primary" onClick={replace}>Replace the draft</button>
    </div>
  </>;
}
