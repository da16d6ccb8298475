/** What is proven of the draft that is about to be published, and what is not. */
import { useEffect, useState, type ReactElement } from "react";
import { readProof, startProof, type Proof } from "./proof";

const ASK_AGAIN_MS = 700;

interface Props {
  readonly api: string;
  readonly page: string;
}

export function ProofLine({ api, page }: Props): ReactElement {
  const [proof, setProof] = useState<Proof | "unread" | null>("unread");
  useEffect(() => {
    let isGone = false;
    void readProof(api).then((found) => { if (!isGone) setProof(found); });
    return () => { isGone = true; };
  }, [api]);
  const isRunning = proof !== "unread" && proof?.state === "running";
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => void readProof(api).then(setProof), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [api, isRunning]);
  if (proof === "unread") return <p className="hint" role="status">Looking at the proof…</p>;
  const prove = (): void => void startProof(api).then(setProof);
  const start = <button type="button" className="btn btn-sm" onClick={prove}>Prove it now</button>;
  const link = <a href={`${page}proof/`}>See the proof</a>;
  if (proof === null) return <p className="hint">Whether it is proven cannot be read now.</p>;
  if (proof.state === "none") return <p>Nothing is proven of it yet. {start}</p>;
  if (proof.state === "running") return <p role="status">It is being proven: {proof.states} states so far…</p>;
  if (!proof.current) return <p>The last proof speaks of an earlier draft. {start}</p>;
  if (proof.state !== "done") return <p>The last proof came to no end. {start}</p>;
  const broken = proof.properties.filter(({ holds }) => !holds);
  if (proof.holds) return <p role="status">It is proven: all {proof.properties.length} properties hold. {link}</p>;
  return (
    <div role="status">
      <p>It is not proven: {broken.length} of {proof.properties.length} properties do not hold. {link}</p>
      <ul>{broken.map(({ id, sentence }) => <li key={id}>{sentence}</li>)}</ul>
    </div>
  );
}
