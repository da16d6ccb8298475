"""The `worker` decorator: checks a function's definition and attaches a `WorkerSpec` to it.

Needs no Django settings. The function is attached to nothing else: `workers.registry` finds it in its module.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from workers.sdk.errors import BadDefinition
from workers.sdk.limits import (
    ERROR_PATTERN,
    ERROR_PATTERNS_MAX,
    LIMIT_NAME,
    POLICIES_MAX,
    RETRY_BOUNDS,
    WORKER_TIMEOUT_S_MAX,
)
from workers.sdk.spec import ARGUMENTS, REHEARSALS, Rehearsal, RetryPolicies, WorkerSpec

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")

Function = TypeVar("Function", bound=Callable[..., Any])


def worker(
    name: str,
    *,
    timeout: float | None = None,
    retry: RetryPolicies = None,
    queue: str | None = None,
    limit: str | None = None,
    category: str = "",
    title: str = "",
    compensation: str | None = None,
    rehearsal: Rehearsal = "stub",
    stub: Mapping[str, Any] | None = None,
    books: str | None = None,
) -> Callable[[Function], Function]:
    """Marks a function as a worker, and returns it. Raises BadDefinition.

    `timeout` is in seconds for one attempt; `retry` is a policy, or a list of them; `limit` names a limit of
    its calls; `compensation` is the worker that undoes it, "none" or "irreversible" (see `docs/workers.md`).
    `rehearsal`, `stub` and `books` say how it takes part in a rehearsal (see `docs/rehearsal.md`).
    """
    check_name(name)
    scope = sys._getframe(1).f_locals  # of a worker that is defined in a function, with its params model

    def register(function: Function) -> Function:
        function.__dict__["__worker__"] = WorkerSpec(
            **read_off(name, function, scope),
            timeout=checked_timeout(name, timeout),
            retry=checked_retry(name, retry),
            queue=queue,
            limit=checked_limit(name, limit),
            category=category,
            title=title or name.replace("_", " ").capitalize(),
            compensation=compensation,
            rehearsal=checked_rehearsal(name, rehearsal),
            stub=stub,
            books=books,
        )
        return function

    return register


def read_off(name: str, function: Callable[..., Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields of a spec that the name and the function itself say."""
    return {
        "name": name,
        "function": function,
        "module": function.__module__,
        "is_async": inspect.iscoroutinefunction(inspect.unwrap(function)),
        "takes": taken_arguments(name, function),
        "params_model": params_model(name, function, scope),
        "doc": inspect.getdoc(function) or "",
    }


def check_name(name: object) -> None:
    if callable(name):
        raise BadDefinition(getattr(name, "__name__", "?"), 'write @worker("name"), with the name in it')
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadDefinition(str(name), "names are letters, digits and _ . -, a letter first, 80 at most")


def taken_arguments(name: str, function: Callable[..., Any]) -> frozenset[str]:
    """Returns which of context, params and step the function takes. Any other parameter needs a default."""
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.name in ARGUMENTS and parameter.kind is parameter.POSITIONAL_ONLY:
            raise BadDefinition(name, f"{parameter.name!r} can't be positional-only")
        if parameter.name not in ARGUMENTS and is_required(parameter):
            raise BadDefinition(name, f"a worker takes context, params and step, not {parameter.name!r}")
    return frozenset(parameter.name for parameter in parameters) & ARGUMENTS


def is_required(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def params_model(name: str, function: Callable[..., Any], scope: Mapping[str, Any]) -> type[BaseModel] | None:
    """Returns the pydantic model that `params` is annotated with; None for any other annotation."""
    parameter = inspect.signature(function).parameters.get("params")
    annotation = parameter.annotation if parameter else None
    if isinstance(annotation, str):
        annotation = evaluated(name, annotation, inspect.unwrap(function), scope)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def evaluated(name: str, annotation: str, function: Any, scope: Mapping[str, Any]) -> Any:
    try:
        return eval(annotation, function.__globals__, dict(scope))  # nosec B307  # the module is trusted
    except Exception as error:
        raise BadDefinition(name, f"can't read the annotation of params, {annotation!r}: {error}") from error


def checked_timeout(name: str, timeout: float | None) -> float | None:
    if timeout is None or (is_number(timeout) and 0 < timeout <= WORKER_TIMEOUT_S_MAX):
        return timeout
    raise BadDefinition(
        name, f"timeout is in seconds, above 0 and up to {WORKER_TIMEOUT_S_MAX}, not {timeout!r}"
    )


def checked_retry(name: str, retry: RetryPolicies) -> RetryPolicies:
    if retry is None:
        return None
    if isinstance(retry, Mapping):
        return checked_policy(name, retry)
    if not isinstance(retry, list) or not 1 <= len(retry) <= POLICIES_MAX:
        raise BadDefinition(name, f"retry is a policy or a list of 1 to {POLICIES_MAX} policies")
    return [checked_policy(name, policy) for policy in retry]


def checked_policy(name: str, retry: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in retry.items():
        if key in ("only", "never"):
            check_patterns(name, key, value)
            continue
        if key not in RETRY_BOUNDS:
            known = ", ".join([*RETRY_BOUNDS, "only", "never"])
            raise BadDefinition(name, f"retry has no {key!r}; it takes {known}")
        low, high = RETRY_BOUNDS[key]
        if not is_number(value) or not low <= value <= high:
            raise BadDefinition(name, f"retry {key!r} is a number from {low} to {high}, not {value!r}")
    if not isinstance(retry.get("max_attempts", 1), int):
        raise BadDefinition(name, "retry 'max_attempts' is a whole number")
    return dict(retry)


def check_patterns(name: str, key: str, patterns: object) -> None:
    is_list = isinstance(patterns, list) and 1 <= len(patterns) <= ERROR_PATTERNS_MAX
    fits = isinstance(patterns, list) and all(
        isinstance(pattern, str) and ERROR_PATTERN.fullmatch(pattern) for pattern in patterns
    )
    if not (is_list and fits):
        raise BadDefinition(name, f"retry {key!r} is a list of error codes, where * stands for anything")


def checked_limit(name: str, limit: str | None) -> str | None:
    if limit is None or (isinstance(limit, str) and LIMIT_NAME.fullmatch(limit)):
        return limit
    raise BadDefinition(name, f"limit is the name of a limit, as 'stripe', not {limit!r}")


def checked_rehearsal(name: str, rehearsal: Rehearsal) -> Rehearsal:
    if rehearsal in REHEARSALS:
        return rehearsal
    raise BadDefinition(name, f"rehearsal is one of {', '.join(REHEARSALS)}, not {rehearsal!r}")


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
