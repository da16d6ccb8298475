"""What stays of a person whose account is deleted: every row that says who did what still says it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import CASCADE, SET_NULL, ManyToOneRel
from django.test import Client
from django.urls import reverse

from config.accounts.former_people import keys_with_names
from config.accounts.models import KeptLogEntry
from designer.document.document import dump
from designer.document.graph import Graph
from designer.models import Workflow
from designer.services import workflows
from runs.audit import audit
from runs.engine import engine
from runs.interventions import service as interventions
from runs.interventions.service import Reply
from runs.models import Run, Trigger
from runs.store import reader
from runs.triggers import service as triggers
from runs.triggers.spec import TriggerSpec
from tests.people import client_of, person

pytestmark = pytest.mark.django_db(transaction=True)
# What lets in, and names nobody who did something.
ENDED_WITH_THE_ACCOUNT = {
    "designer.Favourite.user",
    "config.ApiToken.owner",
    "config.OpenSession.user",
    "otp_static.StaticDevice.user",
    "otp_totp.TOTPDevice.user",
}
COPIED = {"admin.LogEntry.user"}


@pytest.fixture
def acts(order: Graph, stuck: Run) -> User:
    """Somebody who has done everything that is kept with a name."""
    ada = person("ada", "admin")
    ada.set_password("a-right-password-42")
    ada.save()
    Client().post(reverse("login"), {"username": "ada", "password": "a-right-password-42"})
    saved = workflows.save_draft("order", dump(order), 0, ada)
    workflows.publish("order", ada, saved.revision)
    workflow = Workflow.objects.get(name="order")
    triggers.create(workflow, Trigger.Kind.EVENT, TriggerSpec(event_type="ordered"), ada)
    run = engine.start_run(workflow.versions.latest("number"), {"amount": 1}, user=ada)
    engine.cancel_run(run.pk, "abandon", ada)
    intervention = stuck.interventions.get()
    interventions.claim(intervention.pk, ada)
    interventions.note(intervention.pk, ada, "Seen.")
    interventions.answer(intervention.pk, Reply("retry", "Mended.", None), ada)
    return ada


def told() -> list[audit.Line]:
    now = reader.now()
    found = audit.lines(now - timedelta(days=1), now + timedelta(days=1))
    return sorted(found, key=lambda line: (line.at, line.where, line.act, str(line.details)))


def pages(client: Client) -> dict[str, Any]:
    run = Run.objects.exclude(started_by=None, started_by_name=None).get()
    calls = (
        "/api/v1/workflows/order",
        "/api/v1/workflows/order/versions",
        "/api/v1/workflows/order/triggers",
        f"/api/v1/runs/{run.pk}/events",
        "/api/v1/interventions?state=all",
    )
    texts = {address: client.get(address).json() for address in calls}
    shown = ("/workflows/", "/workflows/order/", f"/runs/{run.pk}/", reverse("admin:runs_run_changelist"))
    return texts | {address: client.get(address).content.decode().count("ada") for address in shown}


def test_every_act_and_page_names_a_deleted_person_as_before(acts: User) -> None:
    client = client_of("root", "admin")
    lines, shown = told(), pages(client)
    assert {line.where for line in lines if line.who == "ada"} == {"journal", "case", "admin", "run"}
    assert 0 not in shown.values()
    acts.delete()
    assert not User.objects.filter(username="ada").exists()
    assert told() == lines
    assert pages(client) == shown
    assert audit.latest(lines[0].at, lines[-1].at + timedelta(seconds=1), 1)[0].at == lines[-1].at
    assert "ada" in client.get(reverse("admin:axes_accesslog_changelist")).content.decode()


def test_several_people_at_once_keep_each_their_own_name(order: Graph, waiting: Run) -> None:
    names = [f"person-{number}" for number in range(5)]
    started = {
        engine.start_run(waiting.version, {"amount": 1}, user=person(name, "operator")).pk: name
        for name in names
    }
    User.objects.filter(username__in=names).delete()
    assert {run.pk: run.starter for run in Run.objects.filter(pk__in=started)} == started


def test_who_changes_a_workflow_later_is_named_and_not_the_deleted_one(acts: User, order: Graph) -> None:
    acts.delete()
    workflow = Workflow.objects.get(name="order")
    assert workflow.editor == "ada"
    workflows.save_draft("order", dump(order), workflow.draft_revision, None)
    assert Workflow.objects.get(name="order").editor == ""


def test_each_foreign_key_to_users_is_kept_copied_or_ends_with_the_account() -> None:
    """A new key to users fails here until it is decided what a deletion leaves of it."""
    relations = [it for it in User._meta.get_fields(include_hidden=True) if isinstance(it, ManyToOneRel)]
    keys = {it.field: str(it.field) for it in relations if it.field.model._meta.auto_created is False}
    named = set(keys_with_names(User))
    assert named == {key for key in keys if key.remote_field.on_delete is SET_NULL}
    assert {keys[key] for key in set(keys) - named} == ENDED_WITH_THE_ACCOUNT | COPIED
    assert all(key.remote_field.on_delete in (SET_NULL, CASCADE) for key in keys)
    texts = {str(field) for model in apps.get_models() for field in model._meta.fields if field in named}
    assert texts == {
        "connections.ApiDocument.read_by",
        "connections.Connection.changed_by",
        "connections.Secret.changed_by",
        "designer.FolderRight.user",
        "designer.Limit.changed_by",
        "designer.Workflow.updated_by",
        "designer.WorkflowVersion.published_by",
        "rehearsal.Rehearsal.started_by",
        "runs.HeldInput.started_by",
        "runs.Run.started_by",
        "runs.SavedView.owner",
        "runs.Subscription.created_by",
        "runs.Trigger.created_by",
    }


def test_an_administrator_deletes_somebody_who_has_done_much_and_owns_tokens(acts: User) -> None:
    acts.api_tokens.create(name="ci", role="viewer", digest="x" * 64)
    client = client_of("root", "admin")
    address = reverse("admin:auth_user_delete", args=[acts.pk])
    page = client.get(address).content.decode()
    assert "Delete the account" in page and "stays in runs, workflows and the audit" in page
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="ada").exists()
    assert KeptLogEntry.objects.filter(by="ada").exists()


def test_nobody_deletes_oneself_or_many_at_once(db: None) -> None:
    client = client_of("root", "admin")
    address = reverse("admin:auth_user_delete", args=[User.objects.get(username="root").pk])
    for answer in (client.get(address), client.post(address, {"post": "yes"})):
        assert "Another administrator can delete it" in answer.content.decode()
    assert User.objects.filter(username="root").exists()
    assert "delete_selected" not in client.get(reverse("admin:auth_user_changelist")).content.decode()


def test_runs_of_deleted_people_are_found_through_their_index(acts: User) -> None:
    if connection.vendor != "sqlite":
        return
    now = reader.now()
    (source,) = [found for found in audit._sources() if "started_by_name" in str(found.rows.query.where)]
    plan = source.within(now - timedelta(days=1), now).order_by("created_at", "pk").explain()
    assert "run_started_by_former" in plan
