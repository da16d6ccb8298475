/** The dialog with all versions: when and by whom each was published, its differences from the draft, and its restoration. */
import { useEffect, useState, type ReactElement } from "react";
import { discardDraft, readVersion, readVersions, type VersionLine } from "../draft/api";
import type { Document } from "../../graph/model/document";
import type { EditData } from "../draft/data";
import { Dialog } from "../controls/Dialog";
import { Differences } from "./Differences";
import type { Workbench } from "../draft/useWorkbench";

interface Props {
  readonly data: EditData;
  readonly bench: Workbench;
  readonly close: () => void;
}

export function VersionsDialog({ data, bench, close }: Props): ReactElement {
  const [lines, setLines] = useState<readonly VersionLine[] | null>(null);
  const [failed, fail] = useState("");
  useEffect(() => {
    void readVersions(data.api).then((versions) => (versions ? setLines(versions) : fail("The versions cannot be read now. Try again when the connection is back.")));
  }, [data.api]);
  const restore = (document: Document): void => {
    bench.replaceAll(document);
    close();
  };
  const discard = async (): Promise<void> => {
    const revision = await bench.design.flush();
    const message = revision === null ? "The draft is not saved, so it cannot be discarded." : await discardDraft(data.api, revision);
    if (message) fail(message);
    else location.assign(data.page);
  };
  return (
    <Dialog title="Versions" close={close} isWide>
      {failed && <p className="field-error" role="alert">{failed}</p>}
      {lines === null && !failed && <p role="status">Reading…</p>}
      {lines?.length === 0 && <p className="muted">Nothing is published yet: there is only this draft.</p>}
      <ul className="versions">
        {lines?.map((line, index) => <Version key={line.version} line={line} isNewest={index === 0} api={data.api} page={data.page} draft={bench.whole.document} restore={restore} />)}
      </ul>
      {lines !== null && lines.length > 0 && <p className="hint">Restoring puts a version into the draft; “Undo” brings the draft back. Nothing runs differently before it is published.</p>}
      <div className="actions">
        {lines !== null && lines.length > 0 && <button type="button" className="btn" onClick={() => void discard()}>Discard the draft</button>}
        <button type="button" className="btn" autoFocus onClick={close}>Close</button>
      </div>
    </Dialog>
  );
}

interface VersionProps {
  readonly line: VersionLine;
  readonly isNewest: boolean;
  readonly api: string;
  readonly page: string;
  readonly draft: Document;
  readonly restore: (document: Document) => void;
}

function Version({ line, isNewest, api, page, draft, restore }: VersionProps): ReactElement {
  const [document, setDocument] = useState<Document | null>(null);
  const [isShown, setShown] = useState(false);
  const number = line.version;
  const read = async (): Promise<Document | null> => {
    const version = document ?? await readVersion(api, number);
    setDocument(version);
    return version;
  };
  const compare = async (): Promise<void> => { if (await read()) setShown(!isShown); };
  const back = async (): Promise<void> => {
    const version = await read();
    if (version) restore(version);
  };
  return (
    <li>
      <div className="version-line">
        <strong>Version {number}</strong>{isNewest && <span className="muted">newest</span>}
        <span className="muted"><time dateTime={line.published_at} title={line.published_at}>{new Date(line.published_at).toLocaleString(undefined, { hourCycle: "h23" })}</time>{line.published_by && ` by ${line.published_by}`}</span>
        <span className="version-actions">
          <a className="link" href={`${page}?version=${number}`}>Look at it</a>
          <button type="button" className="btn btn-xs" aria-expanded={isShown} onClick={() => void compare()}>Compare<span className="sr-only"> version {number} with the draft</span></button>
          <button type="button" className="btn btn-xs" onClick={() => void back()}>Restore<span className="sr-only"> version {number}</span></button>
        </span>
      </div>
      {line.note && <p className="version-note" dir="auto">{line.note}</p>}
      {isShown && document && <><p className="hint">From version {number} to the draft:</p><Differences before={document} after={draft} nothing="The draft is the same." /></>}
    </li>
  );
}
