"""The workers that steps may use, as the designer shows them. Reading only."""

from __future__ import annotations

from typing import Any

from workers.registry import get_catalog
from workers.spec import WorkerSpec


def described_workers() -> list[dict[str, Any]]:
    """Every worker by name, as its decorator describes it."""
    return [_described(spec) for _, spec in sorted(get_catalog().items())]


def _described(spec: WorkerSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "category": spec.category,
        "doc": spec.doc,
        "params_schema": spec.params_schema,
        "compensation": spec.compensation,
        "timeout": spec.timeout,
        "retry": spec.retry,
        "queue": spec.queue,
    }
