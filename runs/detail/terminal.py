"""Journals and statuses on a terminal: lines, and the exit codes that go with a run's status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from runs.machine.limits import FRAMES_MAX
from runs.machine.states import RunStatus
from runs.queries.runs import frames

EXIT_CODES = {
    RunStatus.COMPLETED: 0,
    RunStatus.FAILED: 3,
    RunStatus.COMPENSATED: 4,
    RunStatus.CANCELLED: 5,
    RunStatus.BLOCKED: 6,
}
TIMED_OUT = 7
FROM_BEST_TO_WORST = (0, 4, 5, TIMED_OUT, 6, 3)
MESSAGE_CHARS_MAX = 200


def exit_code(status: str) -> int | None:
    """The exit code of a status that ends the waiting; None while the run goes on."""
    return EXIT_CODES.get(RunStatus(status))


def worst(codes: Iterable[int]) -> int:
    """The exit code of many runs: that of the run which ended worst."""
    return max(codes, key=FROM_BEST_TO_WORST.index)


class Follower:
    """The lines of a run's journal that were not given out yet."""

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id
        self._after = 0

    def lines(self) -> Iterator[str]:
        while found := frames(self._run_id, self._after):
            for frame in found:
                self._after = frame["seq"]
                yield line(frame)
            if len(found) < FRAMES_MAX:
                return


def line(frame: dict[str, Any]) -> str:
    """`  7  12:30:01.123  step.completed       charge_payment  #1`"""
    attempt = f"#{frame['attempt']}" if frame["attempt"] else ""
    what = f"{frame['type']:<28}{frame['step']}  {attempt}  {_detail(frame['data'])}"
    return f"{frame['seq']:>4}  {frame['at'][11:23]}  {what}".rstrip()


def _detail(data: dict[str, Any]) -> str:
    error = data.get("error")
    if isinstance(error, dict):
        return f"{error.get('code')}: {error.get('message')}"[:MESSAGE_CHARS_MAX]
    if "plan" in data:
        return "undo: " + (" → ".join(data["plan"]) or "nothing")
    return str(data.get("message") or data.get("reason") or "")[:MESSAGE_CHARS_MAX]
