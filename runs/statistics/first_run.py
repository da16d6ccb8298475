"""The first run of a new installation: the shipped order that fails, so that a rollback can be watched."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from designer import patterns
from designer.models import Workflow, WorkflowVersion
from designer.services.folder_rights import acts_with
from designer.services.queries import find_version
from designer.services.workflows import sync_pattern
from runs.engine import engine
from runs.models import Run

EXAMPLE = "order_processing"
FAULT = {"simulate": {"create_shipment": "critical"}}  # after two steps that can be undone
DECLINED = {"card": "4000 0000 0000 0002"}  # where faults may not be simulated


def is_offered(user: Any = None) -> bool:
    """Whether the example is there, or would be published: it is, unless a person took its name.

    A folder may keep it from `user`.
    """
    if "operate" not in acts_with(user, EXAMPLE):
        return False
    workflow = Workflow.objects.only("is_pattern").filter(name=EXAMPLE).first()
    return settings.EXAMPLES if workflow is None else workflow.is_pattern


def words() -> str:
    """Returns what can be seen in that run."""
    if settings.SIMULATE_FAULTS:
        return "stock is reserved, a card is charged, the shipment fails, and both are given back"
    return "stock is reserved, the card is declined, and the stock is given back"


def start_rollback(user: Any, key: str) -> Run | None:
    """Starts the example with a fault, and publishes it if that was not done; None if it is not offered.

    The same key returns the same run. Raises PublishRefused and RunsError.
    """
    if not is_offered(user):
        return None
    version = _version()
    fault = FAULT if settings.SIMULATE_FAULTS else DECLINED
    input = {**(version.resolved.get("sample_input") or {}), **fault}
    return engine.start_run(version, input, user=user, idempotency_key=key)


def _version() -> WorkflowVersion:
    version = find_version(EXAMPLE)
    if version is None:
        sync_pattern(patterns.read(EXAMPLE))
        version = find_version(EXAMPLE)
    assert version is not None  # published just now, by this call or by another one at the same time
    return version
