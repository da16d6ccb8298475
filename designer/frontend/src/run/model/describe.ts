/** A journal entry in words. Pure. */
import { asCount, asFailure, asNames, asText, type Frame } from "./frame";
import { duration } from "../../shared/time";

export type Kind = "run" | "step" | "undo" | "person";

export interface Description {
  kind: Kind;
  icon: string;
  tone: string;
  /** Follows the step's name: "completed in 41 ms". */
  what: string;
  /** A second line: an error, a comment, a plan. */
  more: string;
  isProblem: boolean;
}

type Words = [icon: string, tone: string, what: string];

const WORDS: Record<string, Words> = {
  "run.created": ["idle", "", "Run created"],
  "run.started": ["play", "busy", "Run started"],
  "run.compensating": ["undo", "back", "Undo begins"],
  "run.blocked": ["hand", "stop", "Run is blocked until somebody answers"],
  "run.resumed": ["play", "busy", "Run goes on"],
  "run.paused": ["wait", "hold", "Run paused"],
  "run.unpaused": ["play", "busy", "Run resumed"],
  "run.completed": ["check", "go", "Run completed"],
  "run.compensated": ["undone", "back", "Run is undone"],
  "run.failed": ["cross", "stop", "Run failed"],
  "run.cancelled": ["ban", "", "Run cancelled"],
  "step.queued": ["queue", "", "queued"],
  "step.started": ["play", "busy", "started"],
  "step.progress": ["spin", "busy", "reports progress"],
  "step.completed": ["check", "go", "completed"],
  "step.skipped": ["skip", "", "skipped"],
  "step.retry_scheduled": ["retry", "care", "will be tried again"],
  "step.fallback_started": ["retry", "care", "falls back"],
  "step.brought_forward": ["play", "hold", "was let happen now"],
  "step.failed": ["cross", "stop", "failed"],
  "step.enough": ["check", "hold", "ends after this turn"],
  "step.expanded": ["flow", "busy", "added steps"],
  "step.waiting": ["wait", "hold", "waits"],
  "signal.received": ["signal", "hold", "Signal received"],
  "event.received": ["signal", "hold", "Event received"],
  "compensation.started": ["undo", "back", "undo started"],
  "compensation.completed": ["undone", "back", "undone"],
  "compensation.retry_scheduled": ["retry", "care", "undo will be tried again"],
  "compensation.failed": ["cross", "stop", "undo failed"],
  "intervention.opened": ["hand", "stop", "needs an answer"],
  "intervention.claimed": ["pen", "hold", "was claimed"],
  "intervention.answered": ["pen", "hold", "was answered"],
};

const LEFT: Words = ["flag", "stop", "left undone"];

const PROBLEMS = new Set([
  "step.failed", "step.retry_scheduled", "step.fallback_started", "compensation.failed",
  "compensation.retry_scheduled", "intervention.opened", "run.blocked", "run.failed",
]);

export function describe(frame: Frame): Description {
  const isLeft = frame.type === "compensation.completed" && frame.data.undo === "abandoned";
  const [icon, tone, words] = isLeft ? LEFT : (WORDS[frame.type] ?? ["idle", "", frame.type]);
  const add = ADDITIONS[frame.type];
  return {
    kind: kindOf(frame.type),
    icon,
    tone,
    what: add ? `${words}${add(frame)}` : words,
    more: more(frame),
    isProblem: PROBLEMS.has(frame.type),
  };
}

function kindOf(type: string): Kind {
  if (type.startsWith("compensation.") || type === "run.compensating") return "undo";
  if (type.startsWith("intervention.") || type.startsWith("signal.") || type === "step.brought_forward") return "person";
  return type.startsWith("run.") ? "run" : "step";
}

const attempt = ({ attempt: count }: Frame): string => (count > 1 ? `, attempt ${count}` : "");

const took = ({ data }: Frame): string => {
  const ms = asCount(data.duration_ms);
  return ms === null ? "" : ` in ${duration(ms)}`;
};

const by = ({ data }: Frame): string => (asText(data.by) ? ` by ${asText(data.by)}` : "");

const started = (frame: Frame): string => {
  const items = asCount(frame.data.items);
  if (items !== null) return items ? `, ${items} items` : "";
  return frame.data.direction === "verify" ? ": asks what became of it" : attempt(frame);
};

const completed = (frame: Frame): string => {
  const earlier = asText(frame.data.taken_over);
  if (earlier) return `, taken over from run ${earlier.slice(-8)}`;
  const unanswered = frame.data.timed_out ? ": nobody answered in time, which counts as approved" : "";
  return `${unanswered}${took(frame)}${frame.data.enough === true ? "; these are enough" : ""}${left(frame)}`;
};

const waits = ({ data }: Frame): string => {
  if (data.for === "signal") return ` for the signal ${asText(data.signal) ?? ""}`;
  if (data.for === "approval") return ` for approval${asNames(data.assignees).length ? ` by ${listed(asNames(data.assignees))}` : ""}`;
  if (data.for === "child") return data.detached === true ? " for its run to start" : " for its own run";
  if (data.for === "delay") return " before its turn";
  if (data.for === "event") return ` for the event ${asText(data.event) ?? ""}`;
  if (data.for === "any") return " for the first of several";
  return data.for === "time" ? " for its time" : "";
};

/** What a run, or the child run of a step, has left: ": 2 effects (mail, pay)". */
const effects = ({ data }: Frame, words = ""): string => {
  const count = asCount(data.left);
  if (!count) return "";
  const names = listed(asNames(data.left_names));
  return `: ${count} ${count === 1 ? "effect" : "effects"}${words}${names && ` (${names})`}`;
};

const left = (frame: Frame): string => effects(frame, " left undone");

const undone = (frame: Frame): string => {
  if (frame.data.undo === "abandoned") return effects(frame);
  if (frame.data.undo === "resolved") return " by hand";
  return took(frame);
};

const ADDITIONS: Record<string, (frame: Frame) => string> = {
  "step.queued": ({ data }) => {
    if (data.held_up === true) return "; it begins when the run is resumed";
    return data.direction === "verify" ? " to be asked what became of it" : "";
  },
  "step.started": started,
  "step.completed": completed,
  "step.failed": (frame) => `${frame.data.caught === true ? `; caught, goes on to ${listed(asNames(frame.data.taken))}` : ""}${left(frame)}`,
  "step.enough": by,
  "step.waiting": waits,
  "step.expanded": ({ data }) => `: ${asNames(data.steps).join(", ")}`,
  "step.progress": ({ data }) => {
    const fraction = asCount(data.fraction);
    return fraction === null ? "" : `: ${Math.round(fraction * 100)} %`;
  },
  "signal.received": (frame) => `: ${asText(frame.data.name) ?? ""}${by(frame)}`,
  "step.brought_forward": (frame) => `${{ time: ", before its time", undo: ", its undo" }[asText(frame.data.for) ?? ""] ?? ""}${by(frame)}`,
  "event.received": ({ data }) => `: ${asText(data.type) ?? ""} of ${asText(data.source) ?? ""}`,
  "compensation.started": (frame) =>
    frame.data.direction === "verify" ? ": asks what became of it" : attempt(frame),
  "compensation.completed": undone,
  "compensation.retry_scheduled": ({ data }) =>
    (data.first === undefined ? "" : ", now what it did besides: a step and its fallback are undone one after the other"),
  "run.compensating": ({ data }) => {
    const planned = asNames(data.plan).length;
    if (!planned) return ": nothing to undo";
    return planned === 1 ? ": 1 step to undo" : `: ${planned} steps to undo`;
  },
  "run.completed": left,
  "run.failed": left,
  "run.cancelled": by,
  "run.paused": by,
  "run.unpaused": by,
  "intervention.claimed": by,
  "intervention.answered": (frame) => {
    const answer = asText(frame.data.answer);
    return `${answer ? ` with “${answer}”` : ""}${by(frame)}`;
  },
};

const NAMES_SHOWN_MAX = 12;

function more({ type, data }: Frame): string {
  if (type === "run.compensating") return [listed(asNames(data.plan)), passing(asNames(data.past_pivot))].filter(Boolean).join(". ");
  const failure = type === "run.compensated" || type === "run.cancelled" ? null : asFailure(data.error);
  if (failure) return [failure.code, failure.message].filter(Boolean).join(": ");
  if (type === "step.skipped") return asText(data.reason) ?? "";
  return asText(data.note) ?? asText(data.comment) ?? asText(data.message) ?? "";
}

const passing = (pivots: string[]): string =>
  pivots.length ? `It goes back past the point of no return: ${pivots.join(", ")}` : "";

function listed(names: string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(", ");
  const rest = names.length - NAMES_SHOWN_MAX;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
