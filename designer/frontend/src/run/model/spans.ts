/** Spans of time of a step: attempts, waits, retries and undos. Pure. */
import { itemName } from "./apply";
import { asCount, asText, type Frame } from "./frame";
import type { StepState } from "./state";

export type SpanKind = "queued" | "attempt" | "fallback" | "asked" | "waiting" | "delay" | "blocked" | "undo";

export interface Span {
  readonly kind: SpanKind;
  /** Number of the attempt, where it is one. */
  readonly number: number;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
  /** What an attempt came to: `completed`, `failed`, `retried`, `cancelled`; empty while it lasts. */
  readonly outcome: string;
  /** What is waited for, or how many items a map has. */
  readonly about: string;
}

type Begin = Omit<Span, "from" | "to" | "outcome">;
/** The span that an entry begins, and what the one before it came to. */
type Turn = (frame: Frame) => { readonly ends: string; readonly begins?: Begin };

const span = (kind: SpanKind, number = 0, about = ""): Begin => ({ kind, number, about });

const DIRECTIONS: Readonly<Record<string, SpanKind>> = { forward: "attempt", fallback: "fallback", verify: "asked", undo: "undo" };

const begin = (usual: SpanKind): Turn => ({ step, attempt, data }) => {
  if (itemName(step)) return { ends: "", begins: span(usual, 0, "items") };
  const items = asCount(data.items);
  if (items !== null) return { ends: "", begins: span("attempt", 0, `${items} items`) };
  return { ends: "", begins: span(DIRECTIONS[asText(data.direction) ?? ""] ?? usual, attempt) };
};

const waits: Turn = ({ data }) => {
  const what = { signal: `the signal ${asText(data.signal) ?? ""}`, approval: "approval", event: `the event ${asText(data.event) ?? ""}`, any: "the first of several", child: "its own run" }[asText(data.for) ?? ""];
  return { ends: "", begins: span("waiting", 0, what ?? "its time") };
};

const TURNS: Readonly<Record<string, Turn>> = {
  "step.queued": () => ({ ends: "", begins: span("queued") }),
  "step.started": begin("attempt"),
  "step.waiting": waits,
  "step.retry_scheduled": () => ({ ends: "retried", begins: span("delay") }),
  "step.fallback_started": () => ({ ends: "failed", begins: span("queued") }),
  "step.completed": () => ({ ends: "completed" }),
  "step.failed": () => ({ ends: "failed" }),
  "step.skipped": () => ({ ends: "skipped" }),
  "compensation.started": begin("undo"),
  "compensation.retry_scheduled": () => ({ ends: "retried", begins: span("delay") }),
  "compensation.completed": () => ({ ends: "completed" }),
  "compensation.failed": () => ({ ends: "failed" }),
  "intervention.opened": () => ({ ends: "failed", begins: span("blocked") }),
  "intervention.answered": () => ({ ends: "answered" }),
};

/** Spans of one step from its own entries, oldest first. `state` says when it was cancelled: that entry is the run's. */
export function spansOf(frames: readonly Frame[], state?: StepState): readonly Span[] {
  const spans: Span[] = [];
  const end = (at: number, outcome: string): void => {
    const last = spans.at(-1);
    if (last?.to === null) spans[spans.length - 1] = { ...last, to: at, outcome };
  };
  for (const frame of frames) {
    const turn = TURNS[frame.type]?.(frame);
    if (!turn) continue;
    const at = Date.parse(frame.at);
    end(at, turn.ends);
    if (turn.begins) spans.push({ ...turn.begins, from: at, to: null, outcome: "" });
  }
  if (state?.status === "cancelled" && state.finishedAt) end(Date.parse(state.finishedAt), "cancelled");
  return spans;
}

export const SPAN_WORDS: Readonly<Record<SpanKind, string>> = {
  queued: "queued", attempt: "attempt", fallback: "fallback", asked: "asked what became of it", waiting: "waits for",
  delay: "waits for its next try", blocked: "waits for an answer", undo: "undo",
};

/** `attempt 2 retried`, `waits for approval`. */
export function spanText({ kind, number, outcome, about }: Span): string {
  const words = [SPAN_WORDS[kind], number > 1 || (number && kind === "attempt") ? `${number}` : "", about].filter(Boolean).join(" ");
  return outcome && kind !== "queued" && kind !== "delay" ? `${words}, ${outcome}` : words;
}

/** The number of attempts, if there is more than one. */
export function attemptsText(spans: readonly Span[]): string {
  const count = (...kinds: SpanKind[]): number => spans.filter(({ kind, number }) => number && kinds.includes(kind)).length;
  const [tries, undos] = [count("attempt", "fallback"), count("undo")];
  return [tries > 1 ? `${tries} attempts` : "", undos > 1 ? `${undos} undo attempts` : ""].filter(Boolean).join(", ");
}
