"""A paused run on a real database: nothing of it is claimed, due or offered a slot before it is resumed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Body, Step
from designer.models import Limit
from runs.audit import audit
from runs.delivery import queue
from runs.engine import after_commit, engine
from runs.interventions import service as interventions
from runs.machine.errors import Refused
from runs.maintenance import sweep
from runs.maintenance.sweep import sweep_once
from runs.models import Run, Slot, StepRun
from runs.store import reader
from tests.integration.runs.conftest import Publish, chain, step
from tests.replay import replayed
from workers.sdk.outcome import Outcome

DONE = Outcome("succeeded", {})

pytestmark = pytest.mark.rule("R11.7")


@pytest.fixture
def started(publish: Publish) -> Run:
    with queue.collect_dispatches():
        return engine.start_run(publish(chain(step("a"), step("b"), timeout=60)), {})


def test_a_paused_run_is_not_claimed_and_nothing_of_it_is_due(started: Run) -> None:
    engine.pause_run(started.pk, "olga")
    assert engine.claim(started.pk, "a", 1, "here") is None
    started.refresh_from_db()
    assert started.paused_at is not None and started.due_at is None
    assert not StepRun.objects.filter(run=started, due_at__isnull=False).exists()
    with queue.collect_dispatches() as dispatches:
        engine.resume_run(started.pk, "olga")
        assert [found.step for _, found in dispatches] == ["a"]
    again = Run.objects.get(pk=started.pk)
    assert again.paused_at is None and again.due_at is not None
    assert engine.claim(started.pk, "a", 1, "here") is not None


def test_the_attempt_under_way_is_reported_and_the_process_goes_on_with_nothing(started: Run) -> None:
    claimed = engine.claim(started.pk, "a", 1, "here")
    assert claimed is not None
    engine.pause_run(started.pk)
    here = engine.Continuation("here", frozenset({"default"}))
    assert engine.report(claimed, DONE, continuation=here) is None
    assert StepRun.objects.get(run=started, name="a").status == "completed"
    with queue.collect_dispatches() as dispatches:
        engine.resume_run(started.pk)
        assert [found.step for _, found in dispatches] == ["b"]
    assert replayed(started).run == reader.load(started.pk).state.run


def test_a_lease_that_ends_during_a_pause_is_lost_as_ever(started: Run) -> None:
    assert engine.claim(started.pk, "a", 1, "here") is not None
    engine.pause_run(started.pk)
    assert engine.process_lost("here") == 1
    row = StepRun.objects.get(run=started, name="a")
    assert (row.status, row.due_at) == ("retrying", None)
    engine.resume_run(started.pk)
    assert StepRun.objects.get(run=started, name="a").due_at is not None


def test_a_paused_run_waits_for_no_slot(publish: Publish) -> None:
    Limit.objects.create(name="stripe", at_once=1)
    version = publish(chain(step("a", limit="stripe")))
    with queue.collect_dispatches() as dispatches:
        first, second = (engine.start_run(version, {}) for _ in range(2))
        engine.pause_run(first.pk)
        assert dispatches[-1][0] == second.pk, "its offer goes to the next one"
        engine.resume_run(first.pk)
    assert Slot.objects.filter(run=first, held=False).exists()


def child_of(publish: Publish) -> tuple[Run, Run]:
    publish(chain(step("a"), name="inner"))
    outer = publish(chain(step("x", kind="workflow", worker=None, compensation=None, workflow="inner")))
    with queue.collect_dispatches():
        parent = engine.start_run(outer, {})
    return parent, Run.objects.get(parent=parent)


def test_child_runs_are_paused_and_resumed_with_their_parent(publish: Publish) -> None:
    parent, child = child_of(publish)
    engine.pause_run(parent.pk, "olga")
    assert Run.objects.get(pk=child.pk).paused_at is not None
    engine.resume_run(parent.pk, "olga")
    assert Run.objects.get(pk=child.pk).paused_at is None


def test_a_child_whose_pause_was_lost_is_paused_by_the_sweep(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, child = child_of(publish)
    with monkeypatch.context() as patched:
        patched.setattr(after_commit, "_to_child", lambda child, event: None)
        engine.pause_run(parent.pk, "olga")
    sweep_once()
    assert Run.objects.get(pk=child.pk).paused_at is None, "it may be told yet"
    monkeypatch.setattr(sweep, "CHILD_GRACE_S", -1.0)
    sweep_once()
    assert Run.objects.get(pk=child.pk).paused_at is not None
    with queue.collect_dispatches():
        engine.resume_run(parent.pk, "olga")
    assert Run.objects.get(pk=child.pk).paused_at is None


def test_a_child_that_a_person_has_resumed_during_the_pause_of_its_parent_goes_on(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CHILD_GRACE_S", -1.0)
    parent, child = child_of(publish)
    with queue.collect_dispatches():
        engine.pause_run(parent.pk, "olga")
        engine.resume_run(child.pk, "olga")
        sweep_once()
        assert Run.objects.get(pk=child.pk).paused_at is None
        engine.resume_run(parent.pk, "olga")
        engine.pause_run(parent.pk, "olga")
    assert Run.objects.get(pk=child.pk).paused_at is not None


def test_a_child_that_was_resumed_late_is_paused_again_with_its_parent(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CHILD_GRACE_S", -1.0)
    parent, child = child_of(publish)
    engine.pause_run(parent.pk, "olga")
    after_commit.resume_child(child.pk)  # of a pause before, and late
    assert Run.objects.get(pk=child.pk).paused_at is None
    sweep_once()
    assert Run.objects.get(pk=child.pk).paused_at is not None


def test_a_child_whose_resume_was_lost_is_resumed_by_the_sweep(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, child = child_of(publish)
    engine.pause_run(parent.pk, "olga")
    with monkeypatch.context() as patched:
        patched.setattr(after_commit, "_to_child", lambda child, event: None)
        engine.resume_run(parent.pk, "olga")
    assert Run.objects.get(pk=child.pk).paused_at is not None
    with queue.collect_dispatches():
        sweep_once()
    assert Run.objects.get(pk=child.pk).paused_at is None


def test_a_child_that_a_person_has_paused_stays_so(publish: Publish) -> None:
    parent, child = child_of(publish)
    engine.pause_run(child.pk, "olga")
    engine.pause_run(parent.pk, "olga")
    engine.resume_run(parent.pk, "olga")
    with queue.collect_dispatches():
        sweep_once()
    assert Run.objects.get(pk=child.pk).paused_at is not None


def test_operators_pause_and_resume_by_rest_and_on_the_page(
    started: Run, operator: Client, viewer: Client
) -> None:
    address = f"/api/v1/runs/{started.pk}"
    assert viewer.post(f"{address}/pause").status_code == 403
    assert operator.get(f"{address}/allowed").json()["pause"] is True
    assert operator.post(f"{address}/pause").json()["paused_at"] is not None
    assert operator.post(f"{address}/pause").status_code == 409
    can = operator.get(f"{address}/allowed").json()
    assert (can["pause"], can["resume"]) == (False, True)
    page = reverse("run-detail", args=[started.pk])
    assert "Resume this run" in operator.get(page).content.decode()
    assert "Nothing new starts" in viewer.get(page).content.decode()
    form = reverse("run-pause", args=[started.pk])
    assert viewer.post(form, {"act": "resume"}).status_code == 403
    assert "Pause this run" in operator.post(form, {"act": "resume"}, follow=True).content.decode()
    with pytest.raises(Refused):
        engine.resume_run(started.pk)


def test_the_audit_has_who_paused_and_resumed(started: Run) -> None:
    engine.pause_run(started.pk, "olga")
    engine.resume_run(started.pk, "otto")
    now = reader.now()
    lines = audit.lines(now - timedelta(minutes=1), now + timedelta(minutes=1))
    said = [(line.act, line.who) for line in lines if line.where == "journal"]
    assert said == [("run.paused", "olga"), ("run.unpaused", "otto")]


def test_a_child_run_that_a_person_tries_again_begins_when_the_run_is_resumed(publish: Publish) -> None:
    body = Body((Step("b", kind="fail", code="odd"),))
    inner = Step("x", kind="group", body=body, on_failure="pause")
    with queue.collect_dispatches():
        run = engine.start_run(publish(chain(inner)), {})
        engine.pause_run(run.pk, "olga")
        case = run.interventions.get()
        interventions.answer(case.pk, interventions.Reply("retry"), "olga")
        assert Run.objects.filter(parent=run).count() == 1
        assert StepRun.objects.get(run=run, name="x").status == "queued"
        engine.resume_run(run.pk, "olga")
    assert Run.objects.filter(parent=run).count() == 2
    assert replayed(run).run == reader.load(run.pk).state.run
