"""Why an event leads to nothing. PURE.

`Refused`: a person asked for something that is not possible now; the message is shown to them.
`Stale`: a late or duplicate message of a machine; it is logged and has no effect.
`BadValue`: data that a rule cannot use; it never leaves `decide`, as the step whose data it is fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.lib.errors import SagaboardError

ASSIGNEES_SHOWN_MAX = 10


class MachineError(SagaboardError):
    """The run cannot take this event."""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Refused(MachineError):
    """That is not possible in the run's present state."""

    status = 409


class NoteRequired(Refused):
    """The answer is only taken with a note."""

    def __init__(self, answer: str) -> None:
        super().__init__(f"{answer} needs a note that says what was done.", code="note_required")


class NotAssigned(Refused):
    """Others are asked for this approval."""

    status = 403

    def __init__(self, step: str, assignees: Sequence[str]) -> None:
        shown = ", ".join(assignees[:ASSIGNEES_SHOWN_MAX])
        super().__init__(f"{step} waits for an answer of {shown}, not of you.", code="not_assigned")


class BadAnswer(Refused):
    """The answer does not fit the form."""

    status = 422

    def __init__(self, message: str, problems: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message, code="bad_answer")
        self.problems = list(problems)


class Stale(MachineError):
    """The message is about something that is already over."""


class BadValue(MachineError):
    """A value cannot be used or kept."""
