/** The attempts of a step, in both directions, as its journal entries tell them. Pure. */
import { LIMITS } from "../../shared/vocabulary";
import { asCount, asFailure, asText, type Failure, type Frame } from "./frame";

export interface Attempt {
  readonly direction: string;
  readonly number: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** `running`, `waiting`, or what it came to: `completed`, `failed`, `retried`, `cancelled`. */
  readonly outcome: string;
  readonly error: Failure | null;
  readonly process: string;
  readonly lines: readonly string[];
  /** Lines that came before those kept. */
  readonly linesDropped: number;
  readonly progress: number | null;
}

export const LINES_KEPT = LIMITS.log_lines;

/** The list after one more entry of the step; entries that are about no attempt leave it as it is. */
export function withEntry(attempts: readonly Attempt[], frame: Frame): readonly Attempt[] {
  return EFFECTS[frame.type]?.(attempts, frame) ?? attempts;
}

export function attemptsOf(frames: readonly Frame[]): readonly Attempt[] {
  return frames.reduce<readonly Attempt[]>(withEntry, []);
}

type Effect = (attempts: readonly Attempt[], frame: Frame) => readonly Attempt[];

const begin = (direction: string, outcome: string): Effect => (attempts, { at, attempt, data }) => [
  ...close(attempts, at, "completed"),
  {
    direction: asText(data.direction) ?? direction, number: attempt, startedAt: at, endedAt: null, outcome, error: null,
    process: asText(data.process) ?? "", lines: [], linesDropped: 0, progress: null,
  },
];

const end = (outcome: string): Effect => (attempts, { at, data }) => close(attempts, at, outcome, asFailure(data.error));

function close(attempts: readonly Attempt[], at: string, outcome: string, error: Failure | null = null): readonly Attempt[] {
  const last = attempts.at(-1);
  return last?.endedAt === null ? [...attempts.slice(0, -1), { ...last, endedAt: at, outcome, error }] : attempts;
}

const report: Effect = (attempts, { data }) => {
  const last = attempts.at(-1);
  if (!last) return attempts;
  const fresh = Array.isArray(data.log) ? data.log.map(String) : [];
  const lines = [...last.lines, ...fresh];
  const surplus = Math.max(0, lines.length - LINES_KEPT);
  return [...attempts.slice(0, -1), {
    ...last, lines: lines.slice(surplus), linesDropped: last.linesDropped + surplus, progress: asCount(data.fraction) ?? last.progress,
  }];
};

const EFFECTS: Record<string, Effect> = {
  "step.started": begin("forward", "running"),
  "step.waiting": begin("forward", "waiting"),
  "step.progress": report,
  "step.completed": end("completed"),
  "step.failed": end("failed"),
  "step.retry_scheduled": end("retried"),
  "step.fallback_started": end("failed"),
  "compensation.started": begin("undo", "running"),
  "compensation.completed": end("completed"),
  "compensation.failed": end("failed"),
  "compensation.retry_scheduled": end("retried"),
};
