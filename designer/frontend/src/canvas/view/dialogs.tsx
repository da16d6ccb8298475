/** Two questions to the author: whose draft is kept, and whether to publish. */
import { useState, type ReactElement } from "react";
import type { Published } from "../api";
import type { Document } from "../model/document";
import type { Problem } from "../model/problems";
import { Dialog } from "./Dialog";
import { Differences } from "./Differences";
import { ProblemList } from "./ProblemList";

interface ConflictProps {
  readonly mine: Document;
  readonly theirs: Document;
  readonly keep: () => void;
  readonly take: () => void;
}

export function ConflictDialog({ mine, theirs, keep, take }: ConflictProps): ReactElement {
  return (
    <Dialog title="Somebody else saved this draft meanwhile" close={null}>
      <p>Nothing is lost yet. This is how yours differs from theirs:</p>
      <Differences before={theirs} after={mine} />
      <details><summary>Both documents</summary>
        <div className="sides">
          <div><h3>Theirs</h3><pre className="json" tabIndex={0}>{JSON.stringify(theirs, null, 2)}</pre></div>
          <div><h3>Mine</h3><pre className="json" tabIndex={0}>{JSON.stringify(mine, null, 2)}</pre></div>
        </div>
      </details>
      <p className="hint">If you take theirs, “Undo” brings yours back.</p>
      <div className="acts">
        <button type="button" className="btn" onClick={take}>Take theirs</button>
        <button type="button" className="btn btn-primary" onClick={keep}>Keep mine</button>
      </div>
    </Dialog>
  );
}

interface PublishProps {
  readonly document: Document;
  readonly published: Document | null;
  readonly problems: readonly Problem[];
  readonly url: string;
  readonly publish: () => Promise<Published>;
  readonly close: () => void;
}

export function PublishDialog({ document, published, problems, url, publish, close }: PublishProps): ReactElement {
  const [answer, setAnswer] = useState<Published | null>(null);
  const [isBusy, setBusy] = useState(false);
  const errors = problems.filter(({ level }) => level === "error");
  const shown = answer?.is === "refused" && answer.problems.length ? answer.problems : problems;
  if (answer?.is === "published") return (
    <Dialog title={`Version ${answer.version} is published`} close={close}>
      <p>New runs use it from now on; runs under way stay with theirs.</p>
      <div className="acts"><button type="button" className="btn" onClick={close}>Go on designing</button><a className="btn btn-primary" href={url}>To the workflow</a></div>
    </Dialog>
  );
  const send = async (): Promise<void> => {
    setBusy(true);
    setAnswer(await publish());
    setBusy(false);
  };
  return (
    <Dialog title="Publish this draft" close={close}>
      {answer?.is === "refused" && <p className="field-error" role="alert">{answer.message}</p>}
      {errors.length > 0 && <p>It cannot be published before these problems are mended.</p>}
      {shown.length > 0 && <ProblemList problems={shown} />}
      {published ? <><h3>What changes</h3><Differences before={published} after={document} /></> : <p className="muted">It will be the first version.</p>}
      <div className="acts">
        <button type="button" className="btn" onClick={close}>Not now</button>
        <button type="button" className="btn btn-primary" disabled={errors.length > 0 || isBusy} onClick={() => void send()}>{isBusy ? "Publishing…" : "Publish"}</button>
      </div>
    </Dialog>
  );
}
