/** The dialog for publishing: what changes for new runs, and problems that prevent it. */
import { useState, type ReactElement } from "react";
import type { Published } from "../draft/api";
import type { Document } from "../../graph/model/document";
import type { Problem } from "../../graph/model/problems";
import { Dialog } from "../controls/Dialog";
import { Differences } from "./Differences";
import { ProblemList } from "../controls/ProblemList";

interface Props {
  readonly document: Document;
  readonly published: Document | null;
  readonly problems: readonly Problem[];
  readonly url: string;
  readonly publish: () => Promise<Published>;
  readonly close: () => void;
}

export function PublishDialog({ document, published, problems, url, publish, close }: Props): ReactElement {
  const [answer, setAnswer] = useState<Published | null>(null);
  const [isBusy, setBusy] = useState(false);
  const errors = problems.filter(({ level }) => level === "error");
  const shown = answer?.is === "refused" && answer.problems.length ? answer.problems : problems;
  if (answer?.is === "published") return (
    <Dialog title={`Version ${answer.version} is published`} close={close}>
      <p>New runs use it from now on; runs under way stay with theirs.</p>
      <div className="actions"><button type="button" className="btn" onClick={close}>Go on designing</button><a className="btn btn-primary" href={url}>To the workflow</a></div>
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
      <div className="actions">
        <button type="button" className="btn" onClick={close}>Not now</button>
        <button type="button" className="btn btn-primary" disabled={errors.length > 0 || isBusy} onClick={() => void send()}>{isBusy ? "Publishing…" : "Publish"}</button>
      </div>
    </Dialog>
  );
}
