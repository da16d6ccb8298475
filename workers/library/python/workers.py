"""The worker that calls a function of Python."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workers import CriticalFailure, worker
from workers.library.faults import simulated
from workers.library.python.functions import allowed_names, function_of

CATEGORY = "Python"


def _offer(schema: dict[str, Any]) -> None:
    """Makes the field a choice, so that a function that is not allowed is a problem of the draft."""
    schema["enum"] = allowed_names()


class FunctionParams(BaseModel):
    """What is called, and with what."""

    model_config = ConfigDict(extra="forbid")
    function: str = Field(
        title="Function",
        description="Its dotted name; the setting PYTHON_FUNCTIONS lists those that may be called",
        json_schema_extra=_offer,
    )
    arguments: dict[str, Any] = Field(
        {}, title="Arguments", description="By the names of the function's parameters"
    )


@worker("python_function", title="Call Python function", category=CATEGORY)
@simulated
def python_function(params: FunctionParams) -> Any:
    """Calls a function of a Python library, and gives what it returns.

    Only functions that the setting PYTHON_FUNCTIONS lists. State how the step is undone, for example by
    another function.
    """
    function = function_of(params.function)
    try:
        bound = inspect.signature(function).bind(**params.arguments)
    except TypeError as error:
        raise CriticalFailure(f"{params.function}: {error}", code="bad_arguments") from error
    except ValueError:  # written in C, without a signature
        return function(**params.arguments)
    result = function(*bound.args, **bound.kwargs)
    return asyncio.run(result) if inspect.iscoroutine(result) else result
