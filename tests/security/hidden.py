"""A folder with a run that waits for a person, its friends and its strangers, for tests of its rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from config.accounts import tokens
from config.accounts.permissions import Role
from designer.models import Folder, Workflow
from designer.services import folder_rights
from designer.services.folder_rights import Names
from runs.lists import saved_views
from runs.models import Approval, Run, Trigger
from runs.statistics.counters import tally_once
from runs.subscriptions import service as subscriptions
from runs.subscriptions.service import SubscriptionSpec
from runs.triggers import service as triggers
from runs.triggers.spec import TriggerSpec
from tests.integration.runs.conftest import catalog as catalog
from tests.people import client_of, person
from tests.security.cast import bearer, row_of, values
from tests.security.table import Door

SIGN = "zebra"
"""In the name of all that is hidden, and in nothing else."""
FRIENDS = "zebra friends"
ELSEWHERE = (
    "/accounts/",
    "/api/v1/connections/",
    "/api/v1/folders/",
    "/api/v1/limits/",
    "/api/v1/secrets/",
    "/api/v1/views/",
    "/api/v1/workers/",
    "/admin/auth/",
    "/admin/axes/",
    "/admin/config/",
    "/admin/library/",
    "/admin/rq/",
    "/admin/r/",
    "/admin/runs/workerprocess/",
    "/admin/runs/casepolicy/",
    "/admin/{app_label}/",
    "/admin/{url}",
    "/connections/",
    "/docs/",
    "/hooks/",
    "/runs/views/",
    "/secrets/",
    "/workflow-folders/",
    "/workers/",
)
"""Beginnings of addresses whose variable parts name no workflow, run or what belongs to one."""


@dataclass
class Hidden:
    """A run that waits for a person, in a folder, and the values of addresses that lead to it."""

    run: Run
    folder: Folder
    sample: dict[str, Any]

    def address(self, door: Door) -> str:
        sample = {**self.sample, "object_id": row_of(door.path, self.sample)}
        if door.path.startswith(ELSEWHERE):
            sample["name"] = "other"
        return door.address(sample)


def client_with(name: str, *roles: str, group: str = "") -> Client:
    client = client_of(name, *roles)
    if group:
        User.objects.get(username=name).groups.add(Group.objects.get(name=group))
    return client


@pytest.fixture
def hidden(stuck: Run, waiting: Run) -> Hidden:
    folder = Folder.objects.create(name=f"{SIGN} folder")
    Group.objects.create(name=FRIENDS)
    for old in ("order", "paper"):
        Workflow.objects.filter(name=old).update(name=f"{SIGN}_{old}", title=f"{SIGN} {old}", folder=folder)
        Run.objects.filter(workflow_name=old).update(workflow_name=f"{SIGN}_{old}")
        Approval.objects.filter(workflow_name=old).update(workflow_name=f"{SIGN}_{old}")
    workflow = Workflow.objects.get(name=f"{SIGN}_order")
    trigger, _ = triggers.create(workflow, Trigger.Kind.EVENT, TriggerSpec(event_type=f"{SIGN}.ordered"))
    spec = SubscriptionSpec(f"{SIGN} news", "email", ["run.failed"], workflow.name, address="a@example.org")
    subscription = subscriptions.create(spec)
    saved_views.save(person("saver", "viewer"), "shared", f"workflow={workflow.name}", True)
    tally_once()
    stuck.refresh_from_db()
    own = {"trigger_id": trigger.pk, "subscription_id": subscription.pk, "folder_id": folder.pk}
    return Hidden(stuck, folder, {**values(stuck), **own})


def restrict(hidden: Hidden, act: Any) -> None:
    folder_rights.give(hidden.folder, {act: Names(groups=(FRIENDS,))}, None)


@pytest.fixture
def closed(hidden: Hidden) -> Hidden:
    restrict(hidden, "view")
    return hidden


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{content.decode(errors='replace')}{answer.get('Location', '')}"


def strangers() -> dict[str, Client]:
    """Somebody whose roles let in at every door, by session and by token, but who is no friend."""
    client = client_with("stranger-to-it", "designer", "operator")
    owner = User.objects.get(username="stranger-to-it")
    by_role = {role: tokens.make(owner, "x", role)[1] for role in (Role.DESIGNER, Role.OPERATOR)}
    return {"session": client, **{str(role): bearer(text) for role, text in by_role.items()}}
