/** Frames of `/ws/runs/`: a run whose state or progress changed. */
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
  const frame = data as Partial<RunFrame> | null;
  const isFrame = typeof frame === "object" && typeof frame?.run === "string" && typeof frame.status === "string"
    && typeof frame.done === "number" && typeof frame.total === "number";
  return isFrame ? (frame as RunFrame) : null;
}

export function isEnd(frame: RunFrame): boolean {
  return RUN_ENDED.has(frame.status);
}
