"""Runs in the admin: everything can be looked at and searched, nothing can be changed."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from runs.models import JournalEntry, Run, StepRun, WorkerProcess

MODELS = [Run, StepRun, JournalEntry, WorkerProcess]


@pytest.fixture
def root(transactional_db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def process(transactional_db: None) -> WorkerProcess:
    now = timezone.now()
    return WorkerProcess.objects.create(id="h:1:a", host="h", pid=1, started_at=now, seen_at=now)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists_and_rows_are_shown(
    root: Client, stuck: Run, process: WorkerProcess, model: type[Model]
) -> None:
    name = model._meta.model_name
    row = model._default_manager.get_queryset()[0]
    for text in (str(stuck.pk), "order", "%"):
        listed = root.get(reverse(f"admin:runs_{name}_changelist"), {"q": text})
        assert listed.status_code == 200
    assert root.get(reverse(f"admin:runs_{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nothing_can_be_added_changed_or_deleted(
    root: Client, stuck: Run, process: WorkerProcess, model: type[Model]
) -> None:
    name = model._meta.model_name
    row = model._default_manager.get_queryset()[0]
    for url in (
        reverse(f"admin:runs_{name}_add"),
        reverse(f"admin:runs_{name}_change", args=[row.pk]),
        reverse(f"admin:runs_{name}_delete", args=[row.pk]),
    ):
        assert root.post(url, {}).status_code == 403
    assert not admin.site._registry[model].get_actions(root.get(reverse("admin:index")).wsgi_request)


def test_a_run_leads_to_its_page_and_its_rows(root: Client, stuck: Run) -> None:
    page = root.get(reverse("admin:runs_run_change", args=[stuck.pk])).content.decode()
    assert reverse("run-detail", args=[stuck.pk]) in page
    for model in ("steprun", "journalentry"):
        url = f"{reverse(f'admin:runs_{model}_changelist')}?run__id__exact={stuck.pk}"
        assert url in page
        assert root.get(url).context["cl"].result_count > 0
    interventions = f"{reverse('admin:runs_intervention_changelist')}?run__id__exact={stuck.pk}"
    assert interventions in page
    listed = root.get(interventions).context["interventions"]
    assert [intervention.run_id for intervention in listed] == [stuck.pk]
