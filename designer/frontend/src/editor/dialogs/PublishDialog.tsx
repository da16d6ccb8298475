/** The dialog for publishing: what changes for new runs, and problems that prevent it. */
import { useState, type ReactElement } from "react";
import type { FailedTest, Published } from "../draft/api";
import type { Document } from "../../graph/model/document";
import type { Problem } from "../../graph/model/problems";
import { FlagField, TextField } from "../controls/fields";
import { Dialog } from "../controls/Dialog";
import { Differences } from "./Differences";
import { ProblemList } from "../controls/ProblemList";
import { ProofLine } from "./ProofLine";

const NOTE_LENGTH_MAX = 500;

interface Props {
  readonly document: Document;
  readonly published: Document | null;
  readonly problems: readonly Problem[];
  readonly url: string;
  readonly api: string;
  readonly publish: (note: string, despiteTests: boolean) => Promise<Published>;
  readonly close: () => void;
}

export function PublishDialog({ document, published, problems, url, api, publish, close }: Props): ReactElement {
  const [answer, setAnswer] = useState<Published | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [note, setNote] = useState("");
  const [isDespite, setDespite] = useState(false);
  const errors = problems.filter(({ level }) => level === "error");
  const failed = answer?.is === "refused" ? answer.tests : [];
  const shown = answer?.is === "refused" && answer.problems.length ? answer.problems : problems;
  if (answer?.is === "published") return (
    <Dialog title={`Version ${answer.version} is published`} close={close}>
      <p>New runs use it from now on; runs under way stay with theirs.</p>
      <div className="actions">
        <button type="button" className="btn" onClick={close}>Go on designing</button>
        <a className="btn" href={url}>To the workflow</a>
        <a className="btn" href={`${url}triggers/`}>Make it start by itself</a>
        <a className="btn btn-primary" href={`${url}start/`} autoFocus>Start a run</a>
      </div>
    </Dialog>
  );
  const send = async (): Promise<void> => {
    setBusy(true);
    setAnswer(await publish(note, isDespite));
    setBusy(false);
  };
  return (
    <Dialog title="Publish this draft" close={close}>
      {answer?.is === "refused" && !failed.length && <p className="field-error" role="alert">{answer.message}</p>}
      {failed.length > 0 && <FailedTests failed={failed} isDespite={isDespite} choose={setDespite} />}
      {errors.length > 0 && <p>It cannot be published before these problems are mended.</p>}
      {shown.length > 0 && <ProblemList problems={shown} />}
      {published ? <><h3>What changes</h3><Differences before={published} after={document} /></> : <p className="muted">It will be the first version.</p>}
      {errors.length === 0 && <ProofLine api={api} page={url} />}
      <TextField label="What is new in it (optional)" value={note} change={(text) => setNote(text.slice(0, NOTE_LENGTH_MAX))} rows={2} hint="Shown beside the version" />
      <div className="actions">
        <button type="button" className="btn" onClick={close}>Not now</button>
        <button type="button" className="btn btn-primary" disabled={errors.length > 0 || isBusy || (failed.length > 0 && !isDespite)} onClick={() => void send()}>{isBusy ? "Publishing…" : "Publish"}</button>
      </div>
    </Dialog>
  );
}

interface FailedProps {
  readonly failed: readonly FailedTest[];
  readonly isDespite: boolean;
  readonly choose: (isDespite: boolean) => void;
}

/** The saved tests that fail. Publishing despite them is a choice of its own. */
function FailedTests({ failed, isDespite, choose }: FailedProps): ReactElement {
  return <>
    <p className="field-error" role="alert">{failed.length === 1 ? "A saved test fails" : `${failed.length} saved tests fail`}, so nothing is published yet.</p>
    <ul className="failed-tests" aria-label="Failing tests">{failed.map(({ name, reason }) => <li key={name}><strong>{name}</strong> <span>{reason}</span></li>)}</ul>
    <FlagField label="Publish although they fail" value={isDespite} change={choose} />
  </>;
}
