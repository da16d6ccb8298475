/** Everything about a draft that is not editing it: what a failure would lead to, and trials. */
import { useEffect, useState } from "react";
import { isObject, textOf, stepsOf, type JsonObject } from "../model/document";
import type { EditData } from "../view/data";
import type { Workbench } from "../view/useWorkbench";
import type { Told } from "./call";
import { useForesight, type Foreseeing } from "./useForesight";
import { useTrial, type Trying } from "./useTrial";

export interface Tries {
  readonly api: string;
  readonly steps: readonly string[];
  readonly foresight: Foreseeing;
  readonly trying: Trying;
  readonly bench: Workbench;
  /** Which question is open: about the whole draft, or about the step of that name. */
  readonly asked: "draft" | { readonly step: string; readonly index: number } | null;
  readonly sample: JsonObject;
  readonly ask: (what: Tries["asked"]) => void;
  readonly tryDraft: (input: JsonObject) => Promise<Told<unknown>>;
  readonly tryStep: (step: string, context: JsonObject, steps: JsonObject) => Promise<Told<unknown>>;
}

const UNSAVED: Told<never> = { is: "refused", message: "The draft is not saved yet, and a trial runs what is saved. Try again when it is.", problems: [] };
const EMPTY: JsonObject = {};

export function useTries(data: EditData, bench: Workbench): Tries {
  const { design, camera, ids, step } = bench;
  const foresight = useForesight(`${data.api}/draft/coverage`, design.problems);
  const trying = useTrial();
  const [asked, ask] = useState<Tries["asked"]>(null);
  const chosen = ids[step];
  useEffect(() => { if (chosen) foresight.ask(chosen); }, [chosen, foresight.isOpen]);
  useEffect(() => { if (foresight.isOpen) camera.fit(); }, [foresight.isOpen]);
  const start = async (path: string, body: JsonObject, alone: string | null): Promise<Told<unknown>> => {
    const revision = await design.flush();
    return revision === null ? UNSAVED : trying.start(`${data.api}/draft/${path}`, body, revision, alone);
  };
  const { sample_input } = design.document;
  return {
    api: data.api, steps: ids, foresight, trying, bench, asked, ask,
    sample: isObject(sample_input) ? sample_input : EMPTY,
    tryDraft: (input) => start("runs", { input }, null),
    tryStep: (name, context, steps) => start(`steps/${encodeURIComponent(name)}/runs`, { context, steps }, name),
  };
}

/** The one chosen step, as far as it can be tried alone. */
export function chosenStep({ bench: { design, step } }: Tries): { step: string; index: number } | null {
  const name = textOf(stepsOf(design.document)[step]?.name);
  return name ? { step: name, index: step } : null;
}
