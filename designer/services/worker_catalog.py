"""The workers that steps may use, as the designer shows them. Reads only."""

from __future__ import annotations

from typing import Any

from designer.validation.json_schema import Misfit, SchemaValidator, misfits
from workers.registry import get_catalog
from workers.sdk.spec import WorkerSpec

READY_MADE = "workers.library."
"""Where the workers that come with the product are defined."""


def described_workers() -> list[dict[str, Any]]:
    """Every worker by name, as its decorator describes it."""
    return [described(spec) for _, spec in sorted(get_catalog().items())]


def is_ready_made(spec: WorkerSpec) -> bool:
    return spec.module.startswith(READY_MADE)


def described(spec: WorkerSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "category": spec.category,
        "is_ready_made": is_ready_made(spec),
        "doc": spec.doc,
        "params_schema": spec.params_schema,
        "compensation": spec.compensation,
        "timeout": spec.timeout,
        "retry": spec.retry,
        "queue": spec.queue,
        "limit": spec.limit,
    }


def params_problems(worker: str, params: dict[str, Any], path: str = "params") -> list[Misfit]:
    """Violations of a worker's params schema; none if the worker is unknown or has no schema."""
    spec = get_catalog().get(worker)
    schema = spec.params_schema if spec else None
    return misfits(SchemaValidator(schema), params, path) if schema else []
