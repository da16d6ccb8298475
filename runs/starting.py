"""Starting runs: one, or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError

from runs import family
from runs.creation import Request, of_same_key, sealed
from runs.errors import BadInput
from runs.models import Run

STARTED_AT_ONCE_MAX = 1_000


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
    request = Request(version, input, labels or {}, user, idempotency_key, trial)
    return _start([sealed(request)])[0]


def start_runs(requests: Sequence[Request]) -> list[Run]:
    """Start many runs in one transaction: all of them, or none.

    Raises BadInput, which says the place in the list of the request that is at fault.
    """
    if len(requests) > STARTED_AT_ONCE_MAX:
        raise BadInput(
            f"{len(requests):,} runs are too many for one call; the limit is {STARTED_AT_ONCE_MAX:,}."
        )
    checked = [_sealed(place, request) for place, request in enumerate(requests)]
    _refuse_doubles(checked)
    return _start(checked)


def _sealed(place: int, request: Request) -> Request:
    try:
        return sealed(request)
    except BadInput as error:
        raise _at(place, error) from None


def _at(place: int, error: BadInput) -> BadInput:
    problems = [{**problem, "path": f"[{place}].input{problem['path'][1:]}"} for problem in error.problems]
    return BadInput(f"Run [{place}] of the list: {error}", problems)


def _refuse_doubles(requests: Sequence[Request]) -> None:
    first: dict[tuple[int, str], int] = {}
    for place, request in enumerate(requests):
        if request.idempotency_key is not None:
            key = request.version.workflow_id, request.idempotency_key
            if first.setdefault(key, place) != place:
                raise _at(place, BadInput(f"it has the idempotency key of run [{first[key]}]."))


def _start(requests: Sequence[Request]) -> list[Run]:
    """Somebody who starts a run of the same key in this moment is waited for, and then found."""
    try:
        return _start_new(requests)
    except IntegrityError:
        if not any(map(of_same_key, requests)):
            raise
        return _start_new(requests)


def _start_new(requests: Sequence[Request]) -> list[Run]:
    known = {place: run for place, request in enumerate(requests) if (run := of_same_key(request))}
    new = [place for place in range(len(requests)) if place not in known]
    started = family.start([requests[place] for place in new]) if new else []
    found = known | dict(zip(new, started, strict=True))
    return [found[place] for place in range(len(requests))]
