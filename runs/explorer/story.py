"""A history in sentences: what happened in it, in the order in which it did. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runs.explorer.world import World
from runs.machine.answers import title_of
from runs.machine.events import Entry

LINES_MAX = 80
ENDS = {
    "run.completed": "The run completes.",
    "run.compensated": "The run ends: everything that can be undone is undone.",
    "run.failed": "The run ends as failed.",
    "run.cancelled": "The run ends as cancelled.",
}
WAITS = {
    "approval": "an approval",
    "signal": "a signal",
    "event": "an event",
    "time": "a time",
    "any": "the first of several",
}
REASONS = {
    "failure": "The rollback begins",
    "cancel": "Somebody cancels the run, and the rollback begins",
    "timeout": "The run takes longer than its timeout, and the rollback begins",
    "rollback": "Somebody has the run undone, and the rollback begins",
}


def story_of(world: World) -> list[str]:
    """Returns the sentences of a history; of one that is very long, its beginning and its end."""
    lines = [line for path, entry in world.entries() for line in _told(path, entry)]
    if len(lines) <= LINES_MAX:
        return lines
    half = LINES_MAX // 2
    return [*lines[:half], f"… {len(lines) - 2 * half} more …", *lines[-half:]]


def _told(path: str, entry: Entry) -> Iterator[str]:
    step, data = f"{path}{entry.step}", entry.data
    error = data.get("error") or {}
    match entry.type:
        case "step.completed":
            yield f"{step} completes."
        case "step.failed":
            caught = ", and an error edge takes that" if data.get("caught") else ""
            yield f"{step} fails ({error.get('code', 'failed')}){caught}."
        case "step.retry_scheduled":
            yield f"{step} goes wrong ({error.get('code', 'failed')}), and is tried again."
        case "step.skipped":
            yield f"{step} is skipped: {data.get('reason', '')}."
        case "step.waiting":
            yield from _waiting(step, data)
        case "signal.received":
            yield from _answered(step, data)
        case "intervention.opened":
            yield f"Somebody is asked about {step}."
        case "intervention.answered":
            yield f"{data.get('by') or 'The run'} answers about {step}: {_answer(data)}."
        case "compensation.completed":
            yield f"{step} is {'left undone' if data.get('undo') == 'abandoned' else 'undone'}."
        case "compensation.retry_scheduled":
            if data.get("error"):
                yield f"The undo of {step} goes wrong ({error.get('code', 'failed')}), and is tried again."
        case "compensation.failed":
            yield f"The undo of {step} fails ({error.get('code', 'failed')})."
        case _:
            yield from _of_run(path, entry)


def _of_run(path: str, entry: Entry) -> Iterator[str]:
    if entry.type == "run.compensating":
        plan = ", ".join(f"{path}{name}" for name in entry.data["plan"]) or "nothing is to be undone"
        inside = f" of {path.rstrip('/')}" if path else ""
        yield f"{REASONS[entry.data['reason']]}{inside}: {plan}."
    elif entry.type in ENDS and not path:
        yield ENDS[entry.type]


def _waiting(step: str, data: Mapping[str, Any]) -> Iterator[str]:
    if data.get("for") in WAITS:
        yield f"{step} waits for {WAITS[data['for']]}."


def _answered(step: str, data: Mapping[str, Any]) -> Iterator[str]:
    if data.get("name") == "approval":
        yield f"{step} is {'approved' if data.get('approved') else 'rejected'}."


def _answer(data: Mapping[str, Any]) -> str:
    kinds = ("step_failed", "compensation_failed")
    answer = str(data.get("answer", ""))
    return next((title for kind in kinds if (title := title_of(kind, answer)) != answer), answer)
