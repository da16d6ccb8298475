/** State of everything about a draft beside editing: assumed failures, trials, sources of previews and wanted fields. */
import { useCallback, useEffect, useEffectEvent, useMemo, useState } from "react";
import type { WantedField, WantedFieldState } from "../controls/wantedField";
import { allIds, idOf, wayOf } from "../../graph/model/bodies";
import { isObject, textOf, stepsOf, type Document, type JsonObject } from "../../graph/model/document";
import { spotOf, type Problem } from "../../graph/model/problems";
import type { EditData } from "../draft/data";
import type { Workbench } from "../draft/useWorkbench";
import type { CallResult } from "../../graph/model/calls";
import { useWhatIf, type WhatIf } from "../../graph/whatIf/useWhatIf";
import { useTrial, type CurrentTrial, type Tried } from "./useTrial";

/** A step to be tried alone: its id in the whole workflow, the graph that it is in, and its path in the document. */
export interface TriedStep {
  readonly step: string;
  readonly graph: Document;
  readonly name: string;
  readonly path: string;
}

export interface Trials {
  readonly api: string;
  readonly steps: readonly string[];
  readonly whatIf: WhatIf;
  readonly current: CurrentTrial;
  readonly bench: Workbench;
  /** The dialog that is open: of a trial of the whole draft, of one of a step, or of the saved tests. */
  readonly openTrial: "draft" | "tests" | TriedStep | null;
  readonly sample: JsonObject;
  /** The past run that previews take their values from; empty: the sample input. */
  readonly source: string;
  readonly chooseSource: (run: string) => void;
  readonly wantedField: WantedFieldState;
  /** Goes to the place of a problem and puts the focus into its field. */
  readonly go: (problem: Problem) => void;
  readonly open: (what: Trials["openTrial"]) => void;
  /** Saves what is not saved yet: tests run on what the server has. */
  readonly save: () => Promise<boolean>;
  readonly startDraftTrial: (input: JsonObject) => Promise<CallResult<unknown>>;
  readonly startStepTrial: (tried: TriedStep, context: JsonObject, steps: JsonObject) => Promise<CallResult<unknown>>;
}

const UNSAVED: CallResult<never> = { is: "refused", message: "The draft is not saved yet, and a trial runs what is saved. Try again when it is.", problems: [] };
const EMPTY: JsonObject = {};

export function useTrials(data: EditData, bench: Workbench): Trials {
  const { whole: design, way, camera, step } = bench;
  const ids = useMemo(() => allIds(design.document), [design.document]);
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
  const chosen = step < 0 ? undefined : idOf(way.join("/"), bench.ids[step] ?? "");
  const { isOpen, ask: askWhatIf } = whatIf;
  useEffect(() => { if (chosen) askWhatIf(chosen); }, [chosen, isOpen, askWhatIf]);
  const showAll = useEffectEvent(() => camera.fit());
  useEffect(() => { if (isOpen) showAll(); }, [isOpen]);
  const start = async (path: string, body: JsonObject, tried: Tried): Promise<CallResult<unknown>> => {
    const revision = await design.flush();
    return revision === null ? UNSAVED : current.start(`${data.api}/draft/${path}`, body, revision, tried);
  };
  const { sample_input } = design.document;
  return {
    api: data.api, steps: ids, whatIf, current, bench, openTrial, open, source, chooseSource, go,
    wantedField: useMemo(() => ({ wanted, reached }), [wanted, reached]),
    save: async () => (await design.flush()) !== null,
    sample: isObject(sample_input) ? sample_input : EMPTY,
    startDraftTrial: (input) => start("runs", { input }, { alone: null, graph: design.document }),
    startStepTrial: ({ step: id, graph }, context, steps) => start(`steps/${wayOf(id).map(encodeURIComponent).join("/")}/runs`, { context, steps }, { alone: id, graph }),
  };
}

/** The one chosen step, as far as it can be tried alone. */
export function chosenStep({ bench: { design: { document: graph }, step, way, prefix } }: Trials): TriedStep | null {
  const name = textOf(stepsOf(graph)[step]?.name);
  return name ? { step: idOf(way.join("/"), name), graph, name, path: `${prefix}steps[${step}]` } : null;
}
