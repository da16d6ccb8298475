"""Many runs of one workflow from JSON Lines (jsonlines.org): each line is the input of one run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from designer.models import WorkflowVersion
from runs.detail.terminal import TIMED_OUT, exit_code
from runs.engine import engine
from runs.engine.creation import Request
from runs.engine.starting import STARTED_AT_ONCE_MAX
from runs.errors import BadInput
from runs.models import Run
from workers.sdk.errors import WorkersError

POLL_S = 0.2
BYTES_MAX = 50_000_000
PROBLEMS_SHOWN_MAX = 5

Line = tuple[int, dict[str, Any]]  # its number in the file, from 1, and the input


class BadLines(WorkersError):
    """The lines cannot be used."""


def inputs_of(text: str) -> list[Line]:
    """Reads the inputs; blank lines are skipped. Raises BadLines, which names the line."""
    if len(text.encode()) > BYTES_MAX:
        raise BadLines(f"The lines have more than {BYTES_MAX:,} bytes; start them in several calls.")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not 0 < len(lines) <= STARTED_AT_ONCE_MAX:
        raise BadLines(f"There are {len(lines):,} lines; one call starts 1 to {STARTED_AT_ONCE_MAX:,} runs.")
    return [(number, _input(number, line)) for number, line in lines]


def start(version: WorkflowVersion, lines: Sequence[Line]) -> list[Run]:
    """Starts all runs or none. Raises BadLines, which names the lines that do not fit."""
    try:
        started = engine.start_runs([Request(version, input, {}) for _, input in lines])
    except BadInput as error:
        # The engine's paths are indexes in the list of requests; people see the file's lines.
        messages = []
        for problem in error.problems[:PROBLEMS_SHOWN_MAX]:
            index, _, path = problem["path"].removeprefix("[").partition("]")  # `[3].input.customer`
            field = path.removeprefix(".input").removeprefix(".")
            place = f"line {lines[int(index)][0]}"
            messages.append(f"{place}: {field + ': ' if field else ''}{problem['message']}")
        more = len(error.problems) - len(messages)
        text = "; ".join(messages or [str(error)]) + (f"; {more} more" if more else "")
        raise BadLines(f"Nothing was started. {text}") from error
    return [start.run for start in started]


def ends(runs: Sequence[Run], deadline: float | None) -> Iterator[tuple[Run, int]]:
    """Yields each run with its exit code when it has ended or is blocked; at `deadline` the others.

    `deadline` is in seconds of `time.monotonic()`; None: no deadline.
    """
    pending: dict[UUID, Run] = {run.pk: run for run in runs}
    while pending:
        for pk, status in Run.objects.filter(pk__in=pending).values_list("pk", "status"):
            code = exit_code(status)
            if code is not None:
                run = pending.pop(pk)
                run.status = status
                yield run, code
        if deadline is not None and time.monotonic() >= deadline:
            break
        time.sleep(POLL_S if pending else 0)
    for run in pending.values():
        yield run, TIMED_OUT


def _input(number: int, line: str) -> dict[str, Any]:
    try:
        value = read_json(line)
    except Unreadable as error:
        raise BadLines(f"Line {number}: {error}") from error
    if not isinstance(value, dict):
        raise BadLines(f'Line {number} must be a JSON object, like {{"order_items": []}}.')
    return value
