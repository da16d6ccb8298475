/** Beside a worker: what rehearsals have shown of its undo, done twice, on nothing, after a crash and beside a late attempt. */
import { useEffect, useState, type ReactElement } from "react";
import { get } from "../../graph/model/calls";

interface Undo {
  readonly worker: string;
  readonly undo: string;
  readonly idempotent: boolean;
  readonly problems: readonly string[];
}

let asked: Promise<ReadonlyMap<string, Undo>> | null = null;

/** Asked once for a page. */
async function examined(): Promise<ReadonlyMap<string, Undo>> {
  const answer = await get<{ readonly undos: readonly Undo[] }>("/api/v1/examined-undos");
  return new Map(answer.is === "ok" ? answer.value.undos.map((undo) => [undo.worker, undo]) : []);
}

export default function Examined({ worker }: { readonly worker: string }): ReactElement | null {
  const [undo, setUndo] = useState<Undo | null>(null);
  useEffect(() => {
    asked ??= examined();
    void asked.then((undos) => setUndo(undos.get(worker) ?? null));
  }, [worker]);
  if (!undo) return null;
  const told = undo.idempotent ? `Examined: ${undo.undo} may come twice, early or late` : `Examined: ${undo.problems.join("; ")}`;
  return <span className="examined" data-tone={undo.idempotent ? "go" : "stop"} title={told}><span aria-hidden="true">{undo.idempotent ? "✓" : "!"}</span><span className="sr-only">{told}</span></span>;
}
