"""Rights of folders: who is named, what a name leaves, and what it costs to ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.accounts import tokens
from config.accounts.permissions import Act, Role
from designer.errors import PublishRefused
from designer.models import Folder, Workflow
from designer.services import folder_rights, shelf, workflows
from designer.services.folder_rights import BadRights, Names, barred, closed_names, may_in
from runs.store.interventions import addresses_of
from tests.people import person

pytestmark = pytest.mark.django_db
ACTS: tuple[Act, ...] = ("view", "design", "operate")
NOTHING: dict[str, Any] = {"schema": 1, "steps": [{"name": "set", "kind": "set", "values": {"x": 1}}]}


@pytest.fixture
def folder() -> Folder:
    Group.objects.create(name="pay")
    return Folder.objects.create(name="Payroll")


def somebody(name: str, *groups: str, role: str = "operator") -> User:
    """A person whose rights are read anew."""
    user = person(name, role, email=f"{name}@example.org")
    user.groups.add(*Group.objects.filter(name__in=groups))
    return User.objects.get(pk=user.pk)


def acts_of(user: User, folder: Folder) -> set[Act]:
    return {act for act in ACTS if may_in(user, act, folder.pk)}


def queries_of(user: User) -> int:
    with CaptureQueriesContext(connection) as queries:
        barred(user, "view")
        barred(user, "operate")
    return len(queries)


def test_where_no_folder_has_rights_asking_costs_one_small_query(folder: Folder) -> None:
    user = somebody("ann")
    assert queries_of(user) == 1
    assert queries_of(user) == 0
    assert acts_of(user, folder) == {"view", "operate"}


def test_who_is_named_is_let_in_as_far_as_the_role_goes(folder: Folder) -> None:
    ann, bob, cid = somebody("ann"), somebody("bob", "pay"), somebody("cid", "pay")
    named = {
        "view": Names(groups=("pay",)),
        "design": Names(groups=("pay",)),
        "operate": Names(people=("ann", "bob")),
    }
    folder_rights.give(folder, {act: named[act] for act in ACTS}, None)
    assert acts_of(ann, folder) == set()  # who may not see may not operate
    assert acts_of(bob, folder) == {"view", "operate"}
    assert acts_of(cid, folder) == {"view"}
    assert acts_of(somebody("root", role="admin"), folder) == set(ACTS)


def test_a_small_token_of_an_administrator_sees_what_they_see(folder: Folder) -> None:
    folder_rights.give(folder, {"view": Names(groups=("pay",))}, None)
    _, text = tokens.make(somebody("root", role="admin"), "small", Role.VIEWER)
    user = tokens.redeem(text)
    assert user is not None and may_in(user, "view", folder.pk) and not may_in(user, "operate", folder.pk)


def test_what_is_left_out_stays_and_nobody_named_opens(folder: Folder) -> None:
    folder_rights.give(folder, {"view": Names(("pay",)), "design": Names(("pay",))}, None)
    folder_rights.give(folder, {"view": Names()}, None)
    assert acts_of(somebody("dora", role="designer"), folder) == {"view"}
    with pytest.raises(BadRights, match="nobody"):
        folder_rights.give(folder, {"view": Names(people=("nobody",))}, None)


def test_administrators_alone_remove_a_folder_that_has_rights(folder: Folder) -> None:
    folder_rights.give(folder, {"operate": Names(groups=("pay",))}, None)
    with pytest.raises(PermissionDenied):
        shelf.remove_folder(folder.pk, somebody("dora", role="designer"))
    shelf.remove_folder(folder.pk, somebody("root", role="admin"))
    assert not Folder.objects.exists()


def test_a_step_that_runs_a_hidden_workflow_stays_and_no_new_one_comes(folder: Folder) -> None:
    ada, dora = somebody("ada", "pay", role="designer"), somebody("dora", role="designer")
    hidden = {**NOTHING, "name": "payout", "input_schema": {"required": ["iban"]}}
    workflows.import_document(hidden, publish=True, user=ada)
    Workflow.objects.filter(name="payout").update(folder=folder)
    steps = [{"name": "pay", "kind": "workflow", "workflow": "payout", "input": {"iban": "x"}}]
    workflows.import_document({"schema": 1, "name": "outer", "steps": steps}, publish=True, user=ada)
    folder_rights.give(folder, {"view": Names(groups=("pay",))}, None)
    dora = User.objects.get(pk=dora.pk)
    changed = [{**steps[0], "input": {"other": 1}}]
    saved = workflows.save_draft("outer", {"schema": 1, "name": "outer", "steps": changed}, 1, dora)
    assert {problem.code for problem in saved.problems}.isdisjoint({"unknown_workflow", "bad_input"})
    assert workflows.publish("outer", dora).number == 2
    with pytest.raises(PublishRefused) as refused:
        workflows.import_document({"schema": 1, "name": "new", "steps": steps}, publish=True, user=dora)
    assert [problem.code for problem in refused.value.problems] == ["unknown_workflow"]


def test_mails_and_wide_subscriptions_pass_a_closed_folder_by(folder: Folder) -> None:
    Workflow.objects.create(name="payout", folder=folder)
    ann, bob = somebody("ann"), somebody("bob", "pay")
    assert addresses_of([ann, bob], "payout") == ["ann@example.org", "bob@example.org"]
    folder_rights.give(folder, {"view": Names(groups=("pay",))}, None)
    people = User.objects.order_by("pk")
    assert addresses_of(people, "payout") == ["bob@example.org"]
    assert addresses_of(people, "other") == ["ann@example.org", "bob@example.org"]
    assert closed_names({"payout", "other"}) == {"payout"}
