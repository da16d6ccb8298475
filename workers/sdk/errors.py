"""Errors of workers: the three failures that authors raise, and refusals of the registry and the execution.

The docstring of a `WorkersError` is its default message; attributes hold what it is about.
"""

from __future__ import annotations

from config.lib.errors import SagaboardError
from workers.sdk.limits import ERROR_CODE


class NamedFailure(Exception):
    """A failure that its author names: error edges and retry policies are matched with `code` and `cause`.

    `cause` is a wider name, such as `http_5xx` of a failure with the code `http_503`. Raises ValueError for a
    code that is no name of letters, digits, '_', '.' and '-'.
    """

    def __init__(self, *args: object, code: str = "", cause: str = "") -> None:
        super().__init__(*args)
        for name in (code, cause):
            if name and not (isinstance(name, str) and ERROR_CODE.fullmatch(name)):
                raise ValueError(
                    f"an error's code is up to 100 letters, digits, '_', '.', '-', not {name!r:.120}"
                )
        self.code = code
        self.cause = cause


class TemporaryFailure(NamedFailure):
    """The attempt failed and another one may succeed; it is retried by the step's policy.

    `retry_after`: seconds until the next attempt, instead of the policy's delay.
    """

    def __init__(
        self, *args: object, code: str = "", cause: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(*args, code=code, cause=cause)
        self.retry_after = retry_after


class UnknownOutcome(NamedFailure):
    """Nobody knows whether the attempt took effect, as when a request was sent and no answer came.

    It is retried by the step's policy, after its verification if it has one; given up, the step is undone.
    """


class CriticalFailure(NamedFailure):
    """The attempt failed and another one would fail as well; it is not retried."""


class WorkersError(SagaboardError):
    """Something is wrong with a worker."""


class BadDefinition(WorkersError):
    """A function can't be registered as a worker."""

    def __init__(self, worker: str, reason: str) -> None:
        super().__init__(f"worker {worker!r}: {reason}")
        self.worker = worker


class ModuleNotLoaded(WorkersError):
    """A module of WORKER_MODULES can't be imported."""

    def __init__(self, module: str, reason: str) -> None:
        super().__init__(f"module {module!r} of WORKER_MODULES can't be loaded: {reason}")
        self.module = module


class DuplicateWorker(WorkersError):
    """Two modules define a worker with the same name."""

    def __init__(self, worker: str, modules: tuple[str, str]) -> None:
        first, second = modules
        super().__init__(f"worker {worker!r} is defined in {first} and in {second}; rename one of them")
        self.worker = worker
        self.modules = modules


class BadParams(WorkersError):
    """The step's params don't fit the worker."""


class BadOutput(WorkersError):
    """A worker returned something that is not JSON, or too much of it."""


class AttemptTimedOut(BaseException):
    """The attempt ran past its timeout.

    Not an `Exception`, so that `except Exception` in a worker can't keep the attempt alive.
    """
