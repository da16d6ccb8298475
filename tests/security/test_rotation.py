"""The key changes: everything opens with the earlier one beside it, and after `reseal` without it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from config.lib.caches import clear_all
from config.lib.secrets import input_place, seal
from designer.models import Workflow, WorkflowVersion
from designer.services import workflows
from designer.services.queries import problems_of
from runs.engine import starting
from runs.engine.creation import Request
from runs.errors import BadInput
from runs.models import HeldInput, Run, Trigger
from tests.security import keepers
from tests.security.test_secrets import SECRET, catalog, document, publish
from workers.cli.local_run import start_and_run
from workers.connections import service
from workers.connections.errors import NotOpened
from workers.connections.opening import open_secret

__all__ = ["catalog"]


@pytest.fixture
def version(settings: Any) -> WorkflowVersion:
    """A secret wherever one can be, sealed under the first key; then the key is another one."""
    made = document("blab", SECRET)
    made["steps"][1]["params"]["password"] = "=context.password"
    made["steps"][1]["params"]["inner"] = {}
    version = publish(made)
    workflows.save_draft("keeps", made, Workflow.objects.get(name="keeps").draft_revision)
    service.put_secret("shop", SECRET)
    password = {"password": seal(SECRET, settings.SECRET_KEY, input_place("keeps", "/password"))}
    Trigger.objects.create(workflow=version.workflow, kind="schedule", cron="0 6 * * *", input=password)
    now = timezone.now() + timedelta(days=1)
    HeldInput.objects.create(
        workflow=version.workflow, key_digest="d", version=version, input=password, first_at=now, due_at=now
    )
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next key"
    return version


def reseal() -> str:
    out = StringIO()
    call_command("reseal", stdout=out)
    return out.getvalue()


def all_open(version: WorkflowVersion) -> bool:
    """Whether everything that is stored outside of runs opens, and reaches its worker in a new run."""
    version = WorkflowVersion.objects.get(pk=version.pk)
    assert open_secret("shop") == SECRET
    assert problems_of(Workflow.objects.get(name="keeps").draft, "keeps") == []
    keepers.seen.clear()
    for given in (Trigger.objects.get().input, HeldInput.objects.get().input):
        *_, run = start_and_run(version, given, None)
        run.refresh_from_db()
        assert run.status == "completed", run.error
    return keepers.seen == [SECRET] * 4


def test_with_the_earlier_key_beside_it_everything_opens(version: WorkflowVersion) -> None:
    assert all_open(version)


def test_without_the_earlier_key_nothing_opens(version: WorkflowVersion, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(NotOpened):
        open_secret("shop")
    assert {problem.code for problem in problems_of(version.document, "keeps")} == {"cannot_open"}
    with pytest.raises(BadInput, match="another SECRET_KEY"):
        list(start_and_run(version, Trigger.objects.get().input, None))


def test_afterwards_the_earlier_key_is_not_needed(version: WorkflowVersion, settings: Any) -> None:
    said = reseal()
    assert said == (
        "secrets: 1 sealed anew\ndrafts: 1 sealed anew\nversions: 1 sealed anew\n"
        "triggers: 1 sealed anew\nwaiting inputs: 1 sealed anew\n"
    )
    stored = WorkflowVersion.objects.get(pk=version.pk).document
    assert stored == Workflow.objects.get(name="keeps").draft and stored != version.document
    settings.SECRET_KEY_FALLBACKS = []
    clear_all()  # processes were started anew without the earlier key
    assert all_open(version)
    assert "1 sealed" not in reseal()


def test_runs_that_are_there_need_it_still_and_are_counted(version: WorkflowVersion, settings: Any) -> None:
    new, old = settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS[0]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = old, []
    *_, run = start_and_run(version, {"password": SECRET}, None)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [old]
    assert "runs: 1 need an earlier key" in reseal()
    given = Run.objects.get(pk=run.pk).input
    *_, again = start_and_run(version, given, None)  # as "start again" sends it
    again.refresh_from_db()
    assert again.status == "completed" and again.input != given
    assert "runs: 1 need an earlier key" in reseal()


def test_a_call_that_is_repeated_after_the_change_is_the_same_call(
    version: WorkflowVersion, settings: Any
) -> None:
    new, old = settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS[0]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = old, []
    request = Request(version, {"password": SECRET}, {}, idempotency_key="k")
    first = starting.start_one(request)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [old]
    again = starting.start_one(request)
    assert first.is_new and not again.is_new and again.run == first.run


def test_an_editor_from_before_brings_back_what_it_had(version: WorkflowVersion, settings: Any) -> None:
    old_draft = Workflow.objects.get(name="keeps").draft
    reseal()
    revision = Workflow.objects.get(name="keeps").draft_revision
    workflows.save_draft("keeps", old_draft, revision)
    settings.SECRET_KEY_FALLBACKS = []
    assert problems_of(Workflow.objects.get(name="keeps").draft, "keeps") == []


def test_what_no_key_opens_is_counted_and_left(version: WorkflowVersion, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = []
    err = StringIO()
    with pytest.raises(SystemExit):
        call_command("reseal", stdout=StringIO(), stderr=err)
    assert "are opened by no key here; give them again" in err.getvalue()
