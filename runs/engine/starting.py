"""Starting runs, one or many at once: idempotency keys, and the errors of a list of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError

from runs.engine import after_commit
from runs.engine.creation import PROBLEMS_MAX, Request, known_by_key, sealed
from runs.errors import BadInput, KeyReused, WorkflowFull
from runs.machine.limits import PRIORITY_STANDARD
from runs.models import Run

STARTED_AT_ONCE_MAX = 1_000
RACES_MAX = 5


@dataclass(frozen=True)
class Started:
    """A started run. `is_new` is False if an earlier request with the same idempotency key started it."""

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
    priority: int = PRIORITY_STANDARD,
) -> Run:
    """Creates and starts a run of a published version; the same idempotency key returns the same run.

    Raises BadInput if `input` does not fit the version's schema.
    """
    request = Request(version, input, labels or {}, user, idempotency_key, trial, priority=priority)
    return start_one(request).run


def start_one(request: Request) -> Started:
    """Starts a run, or returns the run that its idempotency key started before.

    Raises BadInput, KeyReused being one, and WorkflowFull.
    """
    started = _start([sealed(request)])[0]
    if isinstance(started, KeyReused | WorkflowFull):
        raise started
    return started


def start_runs(requests: Sequence[Request]) -> list[Started]:
    """Starts many runs in one transaction: all of them, or none.

    Raises BadInput; the paths of its problems begin with the index of the request, as `[3]`.
    """
    if len(requests) > STARTED_AT_ONCE_MAX:
        raise BadInput(
            f"{len(requests):,} runs are too many for one call; the limit is {STARTED_AT_ONCE_MAX:,}."
        )
    checked = [_sealed_or_error(request) for request in requests]
    errors = [(index, error) for index, error in enumerate(checked) if isinstance(error, BadInput)]
    if errors:
        raise _combined(errors)
    fitting = [request for request in checked if isinstance(request, Request)]
    _refuse_duplicates(fitting)
    started = _start(fitting, all_or_none=True)
    return [result for result in started if isinstance(result, Started)]


def start_fitting(requests: Sequence[Request]) -> list[Started | BadInput | WorkflowFull]:
    """Starts the runs whose input fits, in one transaction; returns the error at the index of the others."""
    checked = [_sealed_or_error(request) for request in requests]
    started = iter(_start([request for request in checked if isinstance(request, Request)]))
    return [request if isinstance(request, BadInput) else next(started) for request in checked]


def _sealed_or_error(request: Request) -> Request | BadInput:
    try:
        return sealed(request)
    except BadInput as error:
        return error


def _combined(errors: Sequence[tuple[int, BadInput]]) -> BadInput:
    """One error for several requests of a list; the path of each problem begins with the request's index."""
    problems: list[dict[str, Any]] = []
    for index, error in errors:
        problems += [
            {**problem, "path": f"[{index}].{_in_request(problem['path'])}"} for problem in error.problems
        ] or [{"code": error.code, "path": f"[{index}]", "message": str(error)}]
    index, first = errors[0]
    more = f" So are {len(errors) - 1:,} more of the list." if len(errors) > 1 else ""
    return BadInput(f"Run [{index}] of the list is refused: {first}{more}", problems[:PROBLEMS_MAX])


def _in_request(path: str) -> str:
    """A problem's path in a request; a schema's problems have it from the input on, as `$.customer`."""
    return f"input{path[1:]}" if path.startswith("$") else path


def _refuse_duplicates(requests: Sequence[Request]) -> None:
    first: dict[tuple[int, str], int] = {}
    duplicates = []
    for index, request in enumerate(requests):
        if request.idempotency_key is not None:
            key = request.version.workflow_id, request.idempotency_key
            if first.setdefault(key, index) != index:
                duplicates.append((index, BadInput(f"it has the idempotency key of run [{first[key]}].")))
    if duplicates:
        raise _combined(duplicates)


def _start(
    requests: Sequence[Request], all_or_none: bool = False
) -> list[Started | KeyReused | WorkflowFull]:
    """A unique constraint decides races for an idempotency key: the loser waits in its INSERT, then reads."""
    for _ in range(RACES_MAX):
        try:
            return _start_new(requests, all_or_none)
        except IntegrityError:
            if not known_by_key(requests):
                raise
    return _start_new(requests, all_or_none)


def _start_new(requests: Sequence[Request], all_or_none: bool) -> list[Started | KeyReused | WorkflowFull]:
    """Starts the requests with new keys; with `all_or_none` raises BadInput if one reuses a key.

    Keys are inserted in sorted order, so that two calls with the same keys cannot deadlock.
    """
    known = known_by_key(requests)
    results: dict[int, Started | KeyReused | WorkflowFull] = {
        index: KeyReused(run.pk) if _is_reused(requests[index], run) else Started(run, False)
        for index, run in known.items()
    }
    reused = [(index, result) for index, result in sorted(results.items()) if isinstance(result, KeyReused)]
    if reused and all_or_none:
        raise _combined(reused)
    new = [index for index in range(len(requests)) if index not in known]
    new.sort(key=lambda index: requests[index].key or ("", ""))
    created = after_commit.start([requests[index] for index in new], all_or_none) if new else []
    results |= {
        index: run if isinstance(run, WorkflowFull) else Started(run, True)
        for index, run in zip(new, created, strict=True)
    }
    return [results[index] for index in range(len(requests))]


def _is_reused(request: Request, run: Run) -> bool:
    """Whether the key of a request came with other content before; older runs have no digest of theirs."""
    return run.key_digest not in (None, request.digest, *request.older_digests)
