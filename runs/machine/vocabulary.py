"""The vocabulary of pages: word, icon and tone of every status; sets, limits and defaults for scripts.

PURE. Badges, charts and filters read these tables; `vocabulary.json`, which the command `write_vocabulary`
generates from `vocabulary`, carries them to the scripts of the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from designer.document.graph import Retry
from designer.document.limits import DEFAULT_TIMEOUT_S
from designer.document.looks import SLOT_LOOKS, Look
from runs.machine.limits import FRAMES_MAX, LABEL_LENGTH_MAX, NOTE_LENGTH_MAX
from runs.machine.states import (
    RUN_ENDED,
    RUN_LIVE,
    STEP_ENDED,
    UNDO_DONE,
    RunStatus,
    StepStatus,
    UndoStatus,
)
from workers.sdk.limits import LOG_LINES_MAX

RUN_LOOKS: Mapping[RunStatus, Look] = {
    RunStatus.PENDING: Look("Pending", "idle", "idle"),
    RunStatus.RUNNING: Look("Running", "spin", "busy", "data-spin"),
    RunStatus.WAITING: Look("Waiting", "wait", "hold"),
    RunStatus.COMPENSATING: Look("Undoing", "undo", "back", "data-rise"),
    RunStatus.BLOCKED: Look("Blocked", "hand", "stop"),
    RunStatus.COMPLETED: Look("Completed", "check", "go"),
    RunStatus.COMPENSATED: Look("Undone", "undone", "back"),
    RunStatus.FAILED: Look("Failed", "cross", "stop"),
    RunStatus.CANCELLED: Look("Cancelled", "ban", "idle"),
}
STEP_LOOKS: Mapping[StepStatus, Look] = {
    StepStatus.PENDING: Look("Pending", "idle", "idle"),
    StepStatus.QUEUED: Look("Queued", "queue", "busy"),
    StepStatus.RUNNING: Look("Running", "spin", "busy", "data-spin"),
    StepStatus.RETRYING: Look("Retrying", "retry", "care"),
    StepStatus.WAITING: Look("Waiting", "wait", "hold"),
    StepStatus.BLOCKED: Look("Blocked", "hand", "stop"),
    StepStatus.COMPLETED: Look("Completed", "check", "go"),
    StepStatus.SKIPPED: Look("Skipped", "skip", "idle"),
    StepStatus.FAILED: Look("Failed", "cross", "stop"),
    StepStatus.CANCELLED: Look("Cancelled", "ban", "idle"),
}
UNREACHED = "unreached"  # what is shown of a step that is still pending when its run has ended
UNREACHED_LOOK = Look("Not reached", "idle", "idle")
UNDO_LOOKS: Mapping[UndoStatus, Look] = {
    UndoStatus.PENDING: Look("Undo planned", "undo", "back"),
    UndoStatus.RUNNING: Look("Undoing", "undo", "back", "data-rise"),
    UndoStatus.COMPENSATED: Look("Undone", "undone", "back"),
    UndoStatus.FAILED: Look("Undo failed", "cross", "stop"),
    UndoStatus.RESOLVED: Look("Undone by hand", "pen", "back"),
    UndoStatus.ABANDONED: Look("Left undone", "flag", "stop"),
    UndoStatus.TAKEN_OVER: Look("Taken over", "out", "idle"),
}
FAMILIES: Mapping[str, Mapping[str, Look]] = {
    "run": {status.value: look for status, look in RUN_LOOKS.items()},
    "step": {**{status.value: look for status, look in STEP_LOOKS.items()}, UNREACHED: UNREACHED_LOOK},
    "undo": {status.value: look for status, look in UNDO_LOOKS.items()},
    "slot": {str(slot): look for slot, look in SLOT_LOOKS.items()},
}
"""Looks by family and name: all that may be shown as a badge."""

LIMITS: Mapping[str, int] = {
    "frames": FRAMES_MAX,
    "label_filter_length": 2 * LABEL_LENGTH_MAX + 1,
    "log_lines": LOG_LINES_MAX,
    "note_length": NOTE_LENGTH_MAX,
}


def vocabulary() -> dict[str, Any]:
    """Statuses, their sets, looks, limits and defaults, as JSON."""
    looks = {
        family: {name: asdict(look) for name, look in table.items()} for family, table in FAMILIES.items()
    }
    return {
        "defaults": {"retry": asdict(Retry()), "timeout_s": DEFAULT_TIMEOUT_S},
        "limits": dict(LIMITS),
        "looks": looks,
        "sets": {
            "run_ended": _names(RUN_ENDED),
            "run_live": _names(RUN_LIVE),
            "step_ended": _names(STEP_ENDED),
            "undo_done": _names(UNDO_DONE),
        },
    }


def _names(statuses: Iterable[str]) -> list[str]:
    return sorted(str(status) for status in statuses)
