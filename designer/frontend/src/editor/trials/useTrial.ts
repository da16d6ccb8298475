/** The trial that the canvas shows, from the question before it to its end. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { RunState } from "../../run/model/state";
import type { JsonObject } from "../../graph/model/document";
import { Statuses } from "../../graph/view/statuses";
import { get, post, type Told } from "../../graph/model/calls";
import type { LiveTrial } from "./LiveTrial";
import { RUN_ENDED } from "../../shared/vocabulary";

export interface Trial {
  readonly id: string;
  /** The step that is tried alone; null: the whole draft. */
  readonly alone: string | null;
  readonly state: RunState | null;
  readonly isConnected: boolean;
  /** What it came to, once it has ended. */
  readonly result: Result | null;
}
export interface Result {
  readonly output: unknown;
  readonly error: { readonly step?: string; readonly message?: string } | null;
}
interface Run extends Result {
  readonly id: string;
  readonly steps: readonly { readonly name: string }[];
}

export interface Trying {
  readonly statuses: Statuses;
  readonly trial: Trial | null;
  readonly start: (url: string, body: JsonObject, revision: number, alone: string | null) => Promise<Told<Run>>;
  readonly stop: () => Promise<Told<unknown>>;
  readonly forget: () => void;
}

export function useTrial(): Trying {
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
  const start: Trying["start"] = useCallback(async (url, body, revision, alone) => {
    const told = await post<Run>(url, body, { "If-Match": `"${revision}"` });
    if (told.is !== "ok") return told;
    forget();
    const { id, steps } = told.value;
    setTrial({ id, alone, state: null, isConnected: true, result: null });
    const show = (state: RunState, isConnected: boolean): void =>
      setTrial((before) => (before?.id === id ? { ...before, state, isConnected } : before));
    const { LiveTrial } = await import("./LiveTrial");
    live.current = new LiveTrial({ id, names: steps.map(({ name }) => name), statuses, show });
    live.current.start();
    return told;
  }, [forget, statuses]);
  const [id, hasEnded] = [trial?.id, RUN_ENDED.has(trial?.state?.status ?? "")];
  useEffect(() => {
    if (!id || !hasEnded) return;
    void get<Run>(`/api/v1/runs/${id}`).then((told) => {
      if (told.is === "ok") setTrial((before) => (before?.id === id ? { ...before, result: told.value } : before));
    });
  }, [id, hasEnded]);
  const stop = useCallback(() => post(`/api/v1/runs/${id ?? ""}/cancel`, { mode: "compensate" }), [id]);
  return { statuses, trial, start, stop, forget };
}
