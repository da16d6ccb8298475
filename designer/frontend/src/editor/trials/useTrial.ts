/** State of the trial that the canvas shows, from its start to its result. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { RunState } from "../../run/model/state";
import { splitId } from "../../graph/model/bodies";
import type { Document, JsonObject } from "../../graph/model/document";
import { Statuses } from "../../graph/view/statuses";
import { get, post, type CallResult } from "../../graph/model/calls";
import type { LiveTrial } from "./LiveTrial";
import { RUN_ENDED } from "../../shared/vocabulary";

export interface Trial {
  readonly id: string;
  /** The step that is tried alone; null: the whole draft. */
  readonly alone: string | null;
  readonly state: RunState | null;
  readonly isConnected: boolean;
  /** What it came to, once it has ended. */
  readonly result: TrialResult | null;
}
export interface TrialResult {
  readonly output: unknown;
  readonly error: { readonly step?: string; readonly message?: string } | null;
}
interface Run extends TrialResult {
  readonly id: string;
  readonly steps: readonly { readonly name: string }[];
}

/** What is tried: a step alone or, with null, all of the graph; and the graph. */
export interface Tried {
  readonly alone: string | null;
  readonly graph: Document;
}

export interface CurrentTrial {
  readonly statuses: Statuses;
  readonly trial: Trial | null;
  readonly start: (url: string, body: JsonObject, revision: number, tried: Tried) => Promise<CallResult<Run>>;
  readonly stop: () => Promise<CallResult<unknown>>;
  readonly forget: () => void;
}

export function useTrial(): CurrentTrial {
  const [statuses] = useState(() => new Statuses());
  const [trial, setTrial] = useState<Trial | null>(null);
  const live = useRef<LiveTrial | null>(null);
  const forget = useCallback(() => {
    live.current?.stop();
    live.current = null;
    statuses.clear();
    setTrial(null);
  }, [statuses]);
  useEffect(() => () => live.current?.stop(), []);
  const start: CurrentTrial["start"] = useCallback(async (url, body, revision, { alone, graph }) => {
    const result = await post<Run>(url, body, { "If-Match": `"${revision}"` });
    if (result.is !== "ok") return result;
    forget();
    const { id, steps } = result.value;
    setTrial({ id, alone, state: null, isConnected: true, result: null });
    const show = (state: RunState, isConnected: boolean): void =>
      setTrial((before) => (before?.id === id ? { ...before, state, isConnected } : before));
    const { LiveTrial } = await import("./LiveTrial");
    live.current = new LiveTrial({ id, path: splitId(alone ?? "")[0], names: steps.map(({ name }) => name), graph, statuses, show });
    live.current.start();
    return result;
  }, [forget, statuses]);
  const [id, hasEnded] = [trial?.id, RUN_ENDED.has(trial?.state?.status ?? "")];
  useEffect(() => {
    if (!id || !hasEnded) return;
    void get<Run>(`/api/v1/runs/${id}`).then((result) => {
      if (result.is === "ok") setTrial((before) => (before?.id === id ? { ...before, result: result.value } : before));
    });
  }, [id, hasEnded]);
  const stop = useCallback(() => post(`/api/v1/runs/${id ?? ""}/cancel`, { mode: "compensate" }), [id]);
  return { statuses, trial, start, stop, forget };
}
