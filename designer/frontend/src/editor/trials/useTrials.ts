/** Everything about a draft that is not editing it: what a failure would lead to, and trials. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Seek, Wanted } from "../inspector/fields/seek";
import { isObject, textOf, stepsOf, type JsonObject } from "../../graph/model/document";
import { spotOf, type Problem } from "../../graph/model/problems";
import type { EditData } from "../draft/data";
import type { Workbench } from "../draft/useWorkbench";
import type { Told } from "../../graph/model/calls";
import { useForesight, type Foreseeing } from "../../graph/foresight/useForesight";
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
  /** The past run that previews take their values from; empty: the sample input. */
  readonly source: string;
  readonly chooseSource: (run: string) => void;
  readonly seek: Seek;
  /** Goes to the place of a problem and puts the focus into its field. */
  readonly go: (problem: Problem) => void;
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
  const [source, chooseSource] = useState("");
  const [wanted, want] = useState<Wanted | null>(null);
  const found = useCallback(() => want(null), []);
  const go = (problem: Problem): void => {
    bench.go(problem);
    want((before) => ({ field: spotOf(problem).field, turn: (before?.turn ?? 0) + 1 }));
  };
  const chosen = ids[step];
  useEffect(() => { if (chosen) foresight.ask(chosen); }, [chosen, foresight.isOpen]);
  useEffect(() => { if (foresight.isOpen) camera.fit(); }, [foresight.isOpen]);
  const start = async (path: string, body: JsonObject, alone: string | null): Promise<Told<unknown>> => {
    const revision = await design.flush();
    return revision === null ? UNSAVED : trying.start(`${data.api}/draft/${path}`, body, revision, alone);
  };
  const { sample_input } = design.document;
  return {
    api: data.api, steps: ids, foresight, trying, bench, asked, ask, source, chooseSource, go,
    seek: useMemo(() => ({ wanted, found }), [wanted, found]),
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
