"""What the tests of workers share."""

from __future__ import annotations

from workers.sdk.outcome import Failure, Outcome


def why(outcome: Outcome) -> Failure:
    """The failure of an outcome that has one."""
    assert outcome.failure is not None
    return outcome.failure
