"""What the addresses of runs and of what belongs to runs name: a workflow, whose folder may have rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from config.accounts.permissions import Named, name_by
from config.lib.errors import SagaboardError
from designer.services.folder_rights import named, sees_all
from runs.errors import UnknownIntervention, UnknownRun, UnknownSubscription
from runs.models import Intervention, Run, Subscription

Parts = Mapping[str, Any]


def name_addresses() -> None:
    """Called once, when the app is ready."""
    for address in ("runs/{run_id}", "inbox/{run_id}"):
        name_by(address, _of_run)
    for part in ("interventions/{pk}", "interventions/{intervention_id}"):
        name_by(part, _of_intervention)
    name_by("admin/runs/intervention/{intervention_id}", _of_intervention)
    name_by("subscriptions/{subscription_id}", _of_subscription)


def _of_run(user: Any, parts: Parts) -> Named | None:
    return _of(user, Run, parts["run_id"], "workflow_name", UnknownRun(parts["run_id"]))


def _of_intervention(user: Any, parts: Parts) -> Named | None:
    key = parts.get("pk") or parts.get("intervention_id")
    return _of(user, Intervention, key, "run__workflow_name", UnknownIntervention())


def _of_subscription(user: Any, parts: Parts) -> Named | None:
    key = parts["subscription_id"]
    missing = UnknownSubscription(f"There is no subscription {key}.")
    return _of(user, Subscription, key, "workflow__name", missing)


def _of(user: Any, model: type[Model], key: Any, column: str, missing: SagaboardError) -> Named | None:
    """Reads nothing where no folder bars the person from anything."""
    if sees_all(user, "view") and sees_all(user, "design") and sees_all(user, "operate"):
        return None
    workflow = model._base_manager.filter(pk=key).values_list(column, flat=True).first()
    return named(user, workflow, missing) if workflow else None
