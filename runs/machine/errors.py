"""Why an event leads to nothing. PURE.

`Refused`: a person asked for something that is not possible now; shown to them.
`Stale`: a late or duplicate message of a machine; logged, without any effect.
"""

from __future__ import annotations

from config.lib.errors import SagaboardError


class MachineError(SagaboardError):
    """The run cannot take this event."""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Refused(MachineError):
    """That is not possible in the run's present state."""

    status = 409


class Stale(MachineError):
    """The message is about something that is already over."""
