"""Starting runs: one, or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError

from runs.engine import after_commit
from runs.engine.creation import PROBLEMS_MAX, Request, known_by_key, sealed
from runs.errors import BadInput
from runs.models import Run

STARTED_AT_ONCE_MAX = 1_000
RACES_MAX = 5


@dataclass(frozen=True)
class Started:
    """`is_new` is False where the run was started before, with the same idempotency key."""

    run: Run
    is_new: bool


def start_run(
    version: Any,
    input: Mapping[str, Any],
    *,
    labels: Mapping[str, str] | None = None,
    user: Any = None,
    idempotency_key: str | None = None,
    trial: bool = False,
) -> Run:
    """Create and start a run of a published version; the same idempotency key gives the same run.

    Raises BadInput where `input` does not fit the version's schema.
    """
    return start_one(Request(version, input, labels or {}, user, idempotency_key, trial)).run


def start_one(request: Request) -> Started:
    """Start what is asked for. Raises BadInput."""
    return _start([sealed(request)])[0]


def start_runs(requests: Sequence[Request]) -> list[Started]:
    """Start many runs in one transaction: all of them, or none.

    Raises BadInput, whose problems say the places in the list of the requests that are at fault.
    """
    if len(requests) > STARTED_AT_ONCE_MAX:
        raise BadInput(
            f"{len(requests):,} runs are too many for one call; the limit is {STARTED_AT_ONCE_MAX:,}."
        )
    checked = checked_all(requests)
    _refuse_doubles(checked)
    return _start(checked)


def start_fitting(requests: Sequence[Request]) -> list[Started | BadInput]:
    """Start, in one transaction, those whose input fits; of the others, say why not."""
    checked = [_sealed_or_not(request) for request in requests]
    started = iter(_start([request for request in checked if isinstance(request, Request)]))
    return [found if isinstance(found, BadInput) else next(started) for found in checked]


def checked_all(requests: Sequence[Request]) -> list[Request]:
    """The requests with their secrets sealed. Raises BadInput with what is wrong with any of them."""
    found = [_sealed_or_not(request) for request in requests]
    wrong = [(place, error) for place, error in enumerate(found) if isinstance(error, BadInput)]
    if wrong:
        raise _wrong(wrong)
    return [request for request in found if isinstance(request, Request)]


def _sealed_or_not(request: Request) -> Request | BadInput:
    try:
        return sealed(request)
    except BadInput as error:
        return error


def _wrong(errors: Sequence[tuple[int, BadInput]]) -> BadInput:
    """One error about several requests of a list."""
    problems = [problem for place, error in errors for problem in _placed(place, error)]
    place, first = errors[0]
    more = f" So are {len(errors) - 1:,} more of the list." if len(errors) > 1 else ""
    return BadInput(f"Run [{place}] of the list is refused: {first}{more}", problems[:PROBLEMS_MAX])


def _placed(place: int, error: BadInput) -> list[dict[str, Any]]:
    """The problems of one request, each with its path from the whole list."""
    if not error.problems:
        return [{"code": error.code, "path": f"[{place}]", "message": str(error)}]
    return [{**problem, "path": f"[{place}].input{problem['path'][1:]}"} for problem in error.problems]


def _refuse_doubles(requests: Sequence[Request]) -> None:
    first: dict[tuple[int, str], int] = {}
    doubles = []
    for place, request in enumerate(requests):
        if request.idempotency_key is not None:
            key = request.version.workflow_id, request.idempotency_key
            if first.setdefault(key, place) != place:
                doubles.append((place, BadInput(f"it has the idempotency key of run [{first[key]}].")))
    if doubles:
        raise _wrong(doubles)


def _start(requests: Sequence[Request]) -> list[Started]:
    """Somebody who starts a run of the same key in this moment is waited for, and then found."""
    for _ in range(RACES_MAX):
        try:
            return _start_new(requests)
        except IntegrityError:
            if not known_by_key(requests):
                raise
    return _start_new(requests)


def _start_new(requests: Sequence[Request]) -> list[Started]:
    """Keys are inserted in their order, so that two calls with the same ones never wait for each other."""
    known = known_by_key(requests)
    new = [place for place in range(len(requests)) if place not in known]
    new.sort(key=lambda place: requests[place].key or ("", ""))
    started = after_commit.start([requests[place] for place in new]) if new else []
    found = {place: Started(run, False) for place, run in known.items()}
    found |= {place: Started(run, True) for place, run in zip(new, started, strict=True)}
    return [found[place] for place in range(len(requests))]
