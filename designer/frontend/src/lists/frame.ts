/** Frames of `/ws/runs/`: a run whose state or progress changed. */
import { isObject } from "../shared/json";
import { RUN_ENDED } from "../shared/vocabulary";

export interface RunFrame {
  readonly run: string;
  readonly workflow: string;
  readonly status: string;
  readonly done: number;
  readonly total: number;
  readonly at: string;
}

/** The frame in `data`, or null where it is none. */
export function runFrame(data: unknown): RunFrame | null {
  if (!isObject(data)) return null;
  const { run, status, done, total } = data;
  const isFrame = typeof run === "string" && typeof status === "string" && typeof done === "number" && typeof total === "number";
  return isFrame ? (data as unknown as RunFrame) : null;
}

export function isEnd(frame: RunFrame): boolean {
  return RUN_ENDED.has(frame.status);
}
