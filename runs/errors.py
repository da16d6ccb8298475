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

WHEN_SHOWN_MAX = 200


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


class NotRecordable(RunsError):
    """No test can be made of this run."""

    status = 409
    code = "not_recordable"


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


class Archived(BadInput):
    """The workflow is archived and starts no runs; bring it back first."""

    status = 409
    code = "archived"

    def __init__(self) -> None:
        super().__init__(self.__doc__ or "")


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


class NotForUs(RunsError):
    """The trigger's `when` is false for what came, so it started nothing."""

    code = "not_for_us"

    def __init__(self, when: str) -> None:
        shown = when if len(when) <= WHEN_SHOWN_MAX else when[:WHEN_SHOWN_MAX] + "…"
        super().__init__(f"Not for this workflow: {shown} is false.")


class BadSender(RunsError):
    """The call could not be verified: it has no valid signature of its sender."""

    status = 401
    code = "not_verified"

    def __init__(self, scheme: str) -> None:
        super().__init__()
        self.scheme = scheme


class NotSetUp(RunsError):
    """Calls of this webhook cannot be verified now: its secret is missing. Its owner sees which one."""

    status = 503
    code = "secret_missing"


class UnknownCall(RunsError):
    """There is no such call, or it is older than those that are kept."""

    status = 404
    code = "unknown_call"


class Unreplayable(RunsError):
    """The call cannot be replayed."""

    status = 409
    code = "not_replayable"


class TriggerRefused(BadInput):
    """The trigger cannot be made like this."""

    code = "trigger_refused"


class UnknownSubscription(RunsError):
    """There is no such subscription."""

    status = 404
    code = "unknown_subscription"


class SubscriptionRefused(BadInput):
    """The subscription cannot be saved like this."""

    code = "subscription_refused"


class UnknownDelivery(RunsError):
    """There is no such delivery."""

    status = 404
    code = "unknown_delivery"


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

    def __init__(self, by: str, answer: str, title: str) -> None:
        done = (
            f"{by} has already answered: {title}."
            if by
            else "The run has ended or was rolled back meanwhile."
        )
        super().__init__(done, code="already_answered")
        self.by = by
        self.answer = answer

    def facts(self) -> dict[str, Any]:
        return {"answered_by": self.by or None, "answer": self.answer}
