"""Errors of the app of runs. Those of the rules of a single run are in `runs.machine.errors`.

The docstring of a class is its default message, shown to people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from config.lib.errors import SagaboardError
from config.lib.json import json_text
from config.lib.json_reader import Fault, Path, json_path
from runs.machine.errors import Refused, Stale


class RunsError(SagaboardError):
    """The request about a run cannot be carried out."""

    code = "refused"


class UnknownRun(RunsError):
    """There is no such run."""

    status = 404
    code = "unknown_run"

    def __init__(self, run_id: UUID | str) -> None:
        super().__init__(f"There is no run {run_id}.")
        self.run_id = run_id


class UnknownWorkflow(RunsError):
    """There is no such published workflow."""

    status = 404
    code = "unknown_workflow"


class BadInput(RunsError):
    """The input does not fit the workflow's input schema."""

    status = 422
    code = "bad_input"

    def __init__(self, message: str, problems: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.problems = list(problems)


class Unstorable(BadInput):
    """A value cannot be kept: it is nested too deeply, or holds a text or a number that cannot be stored."""

    def __init__(self, fault: Fault, path: Path, part: str = "") -> None:
        place = json_path((part, *path) if part else path)
        problem = {"code": fault.code, "path": place, "message": f"this {fault.message}"}
        super().__init__(f"{f'`{place}`' if place else 'The value'} {fault.message}.", [problem])
        self.code = fault.code


class SealedInput(BadInput):
    """A sealed value opens only where it was sealed; give the value itself."""

    def __init__(self, path: str = "") -> None:
        message = self.__doc__ or ""
        super().__init__(message, [{"code": "sealed_elsewhere", "path": path, "message": message}])


class KeyReused(BadInput):
    """The idempotency key was sent before with another body; send a key of its own with each request."""

    code = "idempotency_key_reused"

    def __init__(self, run_id: UUID | None) -> None:
        """`run_id`: None for an input that is held back, and has started no run yet."""
        what = f"started the run {run_id}" if run_id else "is to start a run soon"
        super().__init__(f"{self.__doc__} It {what}.")
        self.run_id = run_id


class EventReused(BadInput):
    """An event with this source and id came before with other data; give each event an id of its own."""

    code = "event_reused"

    def __init__(self) -> None:
        super().__init__(self.__doc__ or "")


class UnknownTrigger(RunsError):
    """There is no such trigger, or it is switched off."""

    status = 404
    code = "unknown_trigger"


class TriggerRefused(BadInput):
    """The trigger cannot be made like this."""

    code = "trigger_refused"


class UnknownLimit(RunsError):
    """There is no such limit."""

    status = 404
    code = "unknown_limit"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no limit {name!r}.")


class WorkflowFull(RunsError):
    """As many runs of the workflow are under way as may be, so none was started."""

    status = 409
    code = "workflow_full"

    def __init__(self, workflow: str, limit: int, key: Any = None) -> None:
        of_key = "" if key is None else f" with the key {json_text(key)}"
        runs = "run is" if limit == 1 else "runs are"
        super().__init__(f"{limit:,} {runs} under way of {workflow}{of_key}, as many as may be at a time.")


class LimitRefused(BadInput):
    """The limit cannot be stated like this."""

    code = "limit_refused"


class NothingStarted(BadInput):
    """No workflow that waits for this event could start a run."""

    code = "nothing_started"

    def __init__(self, problems: Sequence[dict[str, Any]]) -> None:
        super().__init__(self.__doc__ or "", problems)


class TooLarge(RunsError):
    """More was sent than may be."""

    status = 413
    code = "too_large"

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"The body may have {bytes_max:,} bytes.")


class WorkerMissing(RunsError):
    """The worker of a step is not known to the worker process that was to carry it out."""

    code = "unknown_worker"

    def __init__(self, run_id: UUID, worker: str, queue: str) -> None:
        super().__init__(f"There is no worker {worker!r} in this worker process.")
        self.run_id = run_id
        self.worker = worker
        self.queue = queue


class NewerState(RunsError, Stale):
    """A newer version of Sagaboard wrote this run; this process is older and leaves it alone."""

    status = 503
    code = "newer_state"

    def __init__(self, what: object) -> None:
        super().__init__(f"{type(self).__doc__} It does not know {what}.")
        self.code = type(self).code


class UnknownIntervention(RunsError):
    """There is no such intervention."""

    status = 404
    code = "unknown_intervention"


class AnsweredAlready(Refused):
    """Somebody else was faster. `by` is empty where the end of the run answered it."""

    def __init__(self, by: str, answer: str) -> None:
        super().__init__(
            f"{by or 'The end of the run'} has already answered: {answer}.", code="already_answered"
        )
        self.by = by
        self.answer = answer

    def facts(self) -> dict[str, Any]:
        return {"answered_by": self.by or None, "answer": self.answer}
