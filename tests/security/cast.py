"""The callers that try every address, and sample rows of every kind, with markup in each text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import models
from django.test import Client
from django.utils import timezone

from config.accounts import tokens
from config.accounts.permissions import Role
from designer.models import Workflow
from runs.models import Run
from tests.people import noted_client_of, person

MARKUP = "<script>alert('door')</script>"
ROLES = ("none", *(role.value for role in Role))
STRANGER = "stranger"


class Cast:
    """The callers: without credentials, with a false token, and with each role by session and by token."""

    def __init__(self) -> None:
        self.roles: dict[str, str | None] = {STRANGER: None, "false token": None}
        self.clients = {STRANGER: Client(), "false token": bearer("sgb_" + "x" * 43)}
        for role in ROLES:
            given = () if role == "none" else (role,)
            self._add(f"{role}, session", role, noted_client_of(f"{role}-person", *given))
        owner = person("owner", "admin")
        for token_role in Role:
            _, text = tokens.make(owner, MARKUP, token_role)
            self._add(f"{token_role}, token", token_role.value, bearer(text))

    def _add(self, name: str, role: str, client: Client) -> None:
        self.roles[name], self.clients[name] = role, client

    def __iter__(self) -> Iterator[str]:
        return iter(self.roles)


def bearer(token: str, **options: Any) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"}, **options)


def values(run: Run) -> dict[str, Any]:
    """Returns values for the variable parts of addresses."""
    intervention = run.interventions.get()
    return {
        "name": run.workflow_name,
        "written": "yaml",
        "address": "tutorial/",
        "number": run.version.number,
        "run_id": run.pk,
        "step": "charge",
        "operation": "charge",
        "what": "output",
        "pk": intervention.pk,
        "intervention_id": intervention.pk,
        "key": intervention.cause_key,
        "batch": uuid4(),
        "id": person("changed").pk,
        "uidb64": "MQ",
        "token": "abc",
        "url": "nothing",
        "app_label": "runs",
        "content_type_id": 1,
        "trigger_id": 1,
        "call_id": 1,
        "view_id": 1,
        "folder_id": 1,
        "subscription_id": 1,
        "delivery_id": 1,
        "act": "on",
        "queue_index": 0,
        "scheduler_index": 0,
        "connection_index": 0,
        "job_id": "none",
        "result_id": "none",
        "scheduler_name": "none",
        "cron_job_name": "none",
    }


def row_of(path: str, sample: dict[str, Any]) -> Any:
    """Returns the key of a row for a page of the admin; of a new row if there is none."""
    words = path.split("/")
    if "{object_id}" not in words or words[2] == "r":
        return sample.get("object_id", "1")
    model = apps.get_model(words[2], words[3])
    assert model in admin.site._registry, path
    existing = next((row for row in model._default_manager.all()[:5] if row.pk), None)
    return quote((existing or made(model)).pk)


def made(model: type[models.Model]) -> Any:
    """Creates a row with a value in each field that needs one, markup where it fits."""
    fields = [field for field in model._meta.concrete_fields if not field.null and not field.has_default()]
    filled = {field.name: _something(field) for field in fields if not isinstance(field, models.AutoField)}
    return model._default_manager.create(**filled)


def _something(field: Any) -> Any:
    if field.remote_field:
        return field.related_model._default_manager.first() or made(field.related_model)
    if isinstance(field, models.GenericIPAddressField):
        return "10.0.0.1"
    if isinstance(field, models.CharField | models.TextField):
        return f"{MARKUP}{uuid4().hex[:6]}"[: field.max_length]
    if isinstance(field, models.UUIDField):
        return uuid4()
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    return {} if isinstance(field, models.JSONField) else 1


def with_markup(run: Run) -> None:
    """Writes markup into every text by people about the run and its workflow."""
    Workflow.objects.filter(name=run.workflow_name).update(title=MARKUP)
    Run.objects.filter(pk=run.pk).update(labels={MARKUP: MARKUP})
    run.interventions.update(claimed_by=MARKUP, cause=MARKUP)
