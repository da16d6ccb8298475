"""What calls of workers come to in a test: which mock stands for a call, and the outcome of that. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

from designer.saved_tests.model import Mock, SavedTest
from runs.machine.steps.attempts import LOST
from workers.execution.classify import classify
from workers.sdk.outcome import Direction, Failure, Outcome

PLAIN = Mock()


def place_of(path: str, key: str) -> str:
    """Returns the path of a step with its items and turns: `rounds[0]/write`.

    `path`: of the run in its world, where a number stands for the second and later runs of a step.
    """
    return "/".join([part for part in path.split("/") if part and not part.isdigit()] + [key])


def plain(place: str) -> str:
    """Returns a path without items and turns: `rounds/write`."""
    return "/".join(part.partition("[")[0] for part in place.split("/"))


def level_of(place: str) -> str:
    """Returns the path of the step whose body, or run, a step is in; empty for one of the workflow itself."""
    return plain(place).rpartition("/")[0]


def names_of(place: str) -> Iterator[str]:
    """Yields the names by which a test may mean a step: the most exact one first."""
    parts = [dict.fromkeys((part, part.partition("[")[0])) for part in place.split("/")]
    for chosen in product(*parts):
        yield "/".join(chosen)


class Script:
    """The mocks of a test, of which lists are used up call by call. The last one of a list stays."""

    def __init__(self, test: SavedTest) -> None:
        self._test = test
        self._used: Counter[tuple[Direction, str]] = Counter()

    def stands_in(self, place: str) -> bool:
        """Whether a mock stands for a run as a whole: of another workflow, or of a body."""
        return any(name in self._test.mocks for name in names_of(place))

    def waits_s(self, direction: Direction, place: str) -> float:
        """Returns how long the next call of a step waits for a worker process."""
        mock = self._next(direction, place, takes_it=False)
        return 0.0 if mock is None or mock.waits is None else mock.waits

    def next(self, direction: Direction, place: str) -> Mock | None:
        """Returns the mock of the next call of a step; None if the test has none."""
        return self._next(direction, place, takes_it=True)

    def _next(self, direction: Direction, place: str, *, takes_it: bool) -> Mock | None:
        mocks = self._test.mocks_of(direction)
        for name in names_of(place):
            if name in mocks:
                calls = mocks[name]
                used = self._used[direction, name]
                self._used[direction, name] += takes_it
                return calls[min(used, len(calls) - 1)]
        return None


def outcome_of(mock: Mock, direction: Direction, timeout_s: float) -> Outcome:
    """Returns what the engine would record of the call that a mock stands for."""
    if mock.fails is not None:
        failure = Failure(mock.fails, mock.message or f"Mocked: {mock.fails}.", cause=mock.cause)
        kept = mock.output if mock.output is not None else ({} if mock.bad_output else None)
        return Outcome(
            "unknown" if mock.unclear else "failed",
            kept,
            failure,
            retryable=not (mock.for_good or mock.bad_output),
            delay=mock.retry_after,
            acted=mock.bad_output,
        )
    if mock.times_out is not None:
        message = f"stopped after its timeout of {timeout_s:g} s; nobody knows whether it took effect"
        return Outcome("unknown", failure=Failure("timeout", message), retryable=True)
    if mock.lost is not None:
        return LOST
    return classify({} if mock.output is None else mock.output, direction)


def has_effect(mock: Mock, outcome: Outcome) -> bool:
    """Whether the worker did its work, whatever the engine knows about that."""
    if outcome.kind == "succeeded" or outcome.acted:
        return True
    return "done" in (mock.times_out, mock.lost)


def duration_s(mock: Mock, timeout_s: float) -> float:
    if mock.takes is not None:
        return mock.takes
    return timeout_s if mock.times_out is not None else 0.0
