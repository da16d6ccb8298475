"""The shipped workflows: one YAML file each, children before the workflows that run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from designer.formats.formats import from_yaml

FOLDER = Path(__file__).parent
NAMES = (
    "sequential_processing",
    "order_processing",
    "parallel_data_processing",
    "conditional_processing",
    "conditional_in_worker",
    "resilient_processing",
    "data_transformation_pipeline",
    "event_processing",
    "data_analysis",
    "data_export",
    "master_workflow",
    "dynamic_workflow",
    "poll_until_done",
    "fetch_pages",
    "approve_and_revise",
    "scope_and_other_way",
    "import_rows",
    "customer_queue",
)


def load() -> list[dict[str, Any]]:
    """Returns the documents of all shipped workflows, in an order in which they can be published."""
    return [read(name) for name in NAMES]


def offered() -> list[dict[str, Any]]:
    """Returns the documents that the product publishes and shows; none with the setting EXAMPLES off."""
    return load() if settings.EXAMPLES else []


def read(name: str) -> dict[str, Any]:
    """Returns the document of one shipped workflow."""
    document: dict[str, Any] = from_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return document


def tests_of(name: str) -> list[dict[str, Any]]:
    """Returns the tests that are shipped with a workflow; [] if it has none."""
    path = FOLDER / f"{name}.tests.yaml"
    return list(from_yaml(path.read_text(encoding="utf-8"))["tests"]) if path.exists() else []
