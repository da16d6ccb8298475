/** State of everything about a draft beside editing: assumed failures, trials, sources of previews and wanted fields. */
import { useCallback, useEffect, useEffectEvent, useMemo, useState } from "react";
import type { WantedField, WantedFieldState } from "../controls/wantedField";
import { idsOf, isObject, textOf, stepsOf, type JsonObject } from "../../graph/model/document";
import { spotOf, type Problem } from "../../graph/model/problems";
import type { EditData } from "../draft/data";
import type { Workbench } from "../draft/useWorkbench";
import type { CallResult } from "../../graph/model/calls";
import { useWhatIf, type WhatIf } from "../../graph/whatIf/useWhatIf";
import { useTrial, type CurrentTrial } from "./useTrial";

export interface Trials {
  readonly api: string;
  readonly steps: readonly string[];
  readonly whatIf: WhatIf;
  readonly current: CurrentTrial;
  readonly bench: Workbench;
  /** The trial whose dialog is open: of the whole draft, or of one step. */
  readonly openTrial: "draft" | { readonly step: string; readonly index: number } | null;
  readonly sample: JsonObject;
  /** The past run that previews take their values from; empty: the sample input. */
  readonly source: string;
  readonly chooseSource: (run: string) => void;
  readonly wantedField: WantedFieldState;
  /** Goes to the place of a problem and puts the focus into its field. */
  readonly go: (problem: Problem) => void;
  readonly open: (what: Trials["openTrial"]) => void;
  readonly startDraftTrial: (input: JsonObject) => Promise<CallResult<unknown>>;
  readonly startStepTrial: (step: string, context: JsonObject, steps: JsonObject) => Promise<CallResult<unknown>>;
}

const UNSAVED: CallResult<never> = { is: "refused", message: "The draft is not saved yet, and a trial runs what is saved. Try again when it is.", problems: [] };
const EMPTY: JsonObject = {};

export function useTrials(data: EditData, bench: Workbench): Trials {
  const { whole: design, way, camera, step } = bench;
  const ids = useMemo(() => idsOf(stepsOf(design.document)), [design.document]);
  const whatIf = useWhatIf(`${data.api}/draft/coverage`, design.problems);
  const current = useTrial();
  const [openTrial, open] = useState<Trials["openTrial"]>(null);
  const [source, chooseSource] = useState("");
  const [wanted, setWanted] = useState<WantedField | null>(null);
  const reached = useCallback(() => setWanted(null), []);
  const go = (problem: Problem): void => {
    const inner = bench.go(problem);
    setWanted((before) => ({ field: spotOf(inner).field, turn: (before?.turn ?? 0) + 1 }));
  };
  const chosen = way.length ? way[0] : ids[step];
  const { isOpen, ask: askWhatIf } = whatIf;
  useEffect(() => { if (chosen) askWhatIf(chosen); }, [chosen, isOpen, askWhatIf]);
  const showAll = useEffectEvent(() => camera.fit());
  useEffect(() => { if (isOpen) showAll(); }, [isOpen]);
  const start = async (path: string, body: JsonObject, alone: string | null): Promise<CallResult<unknown>> => {
    const revision = await design.flush();
    return revision === null ? UNSAVED : current.start(`${data.api}/draft/${path}`, body, revision, alone);
  };
  const { sample_input } = design.document;
  return {
    api: data.api, steps: ids, whatIf, current, bench, openTrial, open, source, chooseSource, go,
    wantedField: useMemo(() => ({ wanted, reached }), [wanted, reached]),
    sample: isObject(sample_input) ? sample_input : EMPTY,
    startDraftTrial: (input) => start("runs", { input }, null),
    startStepTrial: (name, context, steps) => start(`steps/${encodeURIComponent(name)}/runs`, { context, steps }, name),
  };
}

/** The one chosen step, as far as it can be tried alone. */
export function chosenStep({ bench: { design, step, way } }: Trials): { step: string; index: number } | null {
  if (way.length) return null;
  const name = textOf(stepsOf(design.document)[step]?.name);
  return name ? { step: name, index: step } : null;
}
