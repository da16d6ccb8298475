"""Validates a step's params against the model of its worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from workers.execution.isolation import IsolatedContext, copied
from workers.sdk.errors import BadParams
from workers.sdk.spec import WorkerSpec

PROBLEMS_MAX = 10


def validated(spec: WorkerSpec, params: Mapping[str, Any]) -> Any:
    """Returns an instance of the worker's params model, or an isolated dict.

    Raises BadParams, which names the fields.
    """
    if spec.params_model is None:
        return IsolatedContext(params)
    try:
        return spec.params_model.model_validate(copied(dict(params)))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        lines = []
        for problem in problems[:PROBLEMS_MAX]:
            parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]]
            lines.append(f"{''.join(parts).removeprefix('.') or 'params'}: {problem['msg']}")
        hidden = len(problems) - len(lines)
        raise BadParams("; ".join(lines) + (f"; and {hidden} more" if hidden else "")) from error
