"""Runs in a terminal: journal entries as lines, and statuses as exit codes."""

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
    """Returns the exit code of a status that ends the waiting; None while the run goes on."""
    return EXIT_CODES.get(RunStatus(status))


def worst(codes: Iterable[int]) -> int:
    """Returns the exit code of several runs: that of the run that ended worst."""
    return max(codes, key=FROM_BEST_TO_WORST.index)


class JournalFollower:
    """Reads a run's journal as lines, each entry once."""

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id
        self._after = 0

    def lines(self) -> Iterator[str]:
        """Yields the entries since the last call."""
        while entries := frames(self._run_id, self._after):
            for frame in entries:
                self._after = frame["seq"]
                yield line(frame)
            if len(entries) < FRAMES_MAX:
                return


def line(frame: dict[str, Any]) -> str:
    """Returns an entry as `  7  12:30:01.123  step.completed       charge_payment  #1`."""
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
