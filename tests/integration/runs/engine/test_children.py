"""Runs that start runs: what is told between them may get lost, and the sweep makes up for it."""

from __future__ import annotations

import pytest
from redis import Redis
from rq import Queue

from designer.document.graph import Graph, Step
from runs.engine import after_commit, engine
from runs.engine.unit_of_work import Unit
from runs.interventions import service
from runs.interventions.facts import Question, sentence_about
from runs.machine.events import CancelChild, Command, RollBackChild, TellParent
from runs.maintenance import sweep
from runs.models import Intervention, Run
from runs.queries.rollback_plan import rollback_plan
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.engine.test_engine import only_job
from tests.integration.runs.workers import did
from workers.process.jobs import run_attempt

PARENT = chain(step("first"), Step("sub", kind="workflow", workflow="child"), step("last"), name="parent")
CHILD = chain(step("inner"), name="child")


def start(publish: Publish, parent: Graph = PARENT, faults: dict[str, str] | None = None) -> Run:
    publish(CHILD)
    return engine.start_run(publish(parent), {"faults": faults or {}})


def lose(monkeypatch: pytest.MonkeyPatch, kind: type[Command]) -> None:
    """The process dies before it carries a command of this kind out."""
    real = after_commit._carry_out_command

    def carry_out(unit: Unit, command: Command) -> None:
        if not isinstance(command, kind):
            real(unit, command)

    monkeypatch.setattr(after_commit, "_carry_out_command", carry_out)


def work(redis: Redis) -> None:
    """What the worker processes do until no job is left."""
    queue = Queue("default", connection=redis)
    while jobs := queue.get_jobs():
        queue.remove(jobs[0])
        if len(jobs[0].args) == 3:  # mails are left alone
            run_attempt(*jobs[0].args)


def settle(redis: Redis, monkeypatch: pytest.MonkeyPatch, run: Run) -> str:
    """Let the sweep find what was lost, and the steps that follow from it be worked off."""
    monkeypatch.undo()
    monkeypatch.setattr(sweep, "CHILD_GRACE_S", -1.0)
    work(redis)
    while sweep.sweep_once():
        work(redis)
    run.refresh_from_db()
    return run.status


@pytest.mark.rule("R10.3")
@pytest.mark.parametrize(
    ("lost", "faults", "status", "effects"),
    [
        (TellParent, {}, "completed", ["first", "inner", "last"]),
        (TellParent, {"inner": "critical"}, "compensated", ["first", "undo first"]),
        (RollBackChild, {"last": "critical"}, "compensated", ["first", "inner", "undo inner", "undo first"]),
    ],
)
def test_what_is_lost_between_a_run_and_its_child_is_made_up_for(
    publish: Publish,
    redis_client: Redis,
    monkeypatch: pytest.MonkeyPatch,
    lost: type[Command],
    faults: dict[str, str],
    status: str,
    effects: list[str],
) -> None:
    run = start(publish, faults=faults)
    lose(monkeypatch, lost)
    work(redis_client)
    run.refresh_from_db()
    assert run.status not in ("completed", "compensated")
    assert settle(redis_client, monkeypatch, run) == status
    assert [effect.partition(" of ")[0] for effect in did] == effects


@pytest.mark.rule("R10.3")
@pytest.mark.parametrize(("mode", "effects"), [("compensate", ["undo first"]), ("abandon", [])])
def test_a_child_that_was_not_told_of_its_parents_end_is_told_later(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, mode: str, effects: list[str]
) -> None:
    run = start(publish)
    run_attempt(*only_job(redis_client))
    did.clear()
    redis_client.flushall()
    lose(monkeypatch, CancelChild)
    engine.cancel_run(run.pk, mode)  # type: ignore[arg-type]
    assert settle(redis_client, monkeypatch, run) == "cancelled"
    assert run.children.get().status == "cancelled"
    assert [effect.partition(" of ")[0] for effect in did] == effects


@pytest.mark.rule("R5.10")
def test_a_child_of_an_abandoned_run_may_still_be_rolled_back(publish: Publish, redis_client: Redis) -> None:
    run = start(publish, chain(Step("sub", kind="workflow", workflow="child"), step("last"), name="parent"))
    run_attempt(*only_job(redis_client))
    engine.cancel_run(run.pk, "abandon")
    child = run.children.get()
    engine.roll_back(child.pk)
    sweep.sweep_once()
    work(redis_client)
    child.refresh_from_db()
    assert child.status == "compensated"


@pytest.mark.rule("R5.10")
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_child_that_was_rolled_back_in_part_is_undone_further_by_its_parent(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    publish(chain(step("one"), step("two", compensation="irreversible"), step("three"), name="child"))
    run = engine.start_run(publish(chain(*PARENT.steps, name="parent")), {})
    work(redis_client)
    child = run.children.get()
    engine.roll_back(child.pk, "one", "anna")
    work(redis_client)
    child.refresh_from_db()
    assert child.status == "failed"
    did.clear()
    if is_lost:
        lose(monkeypatch, RollBackChild)
    engine.roll_back(run.pk, None, "anna")
    work(redis_client)
    assert settle(redis_client, monkeypatch, run) == "failed"
    assert [effect.partition(" of ")[0] for effect in did] == ["undo last", "undo one", "undo first"]


PAST = chain(step("pay", pivot=True), step("inner"), name="child")


@pytest.mark.rule("R6.11")
def test_a_child_past_its_point_of_no_return_is_undone_only_if_a_person_allows_it(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(PAST)
    run = engine.start_run(publish(PARENT), {"faults": {"last": "critical"}})
    work(redis_client)
    run.refresh_from_db()
    assert (run.status, run.children.get().status) == ("blocked", "completed")
    question = Intervention.objects.get(run=run)
    assert (question.kind, question.step) == ("compensation_failed", "sub")
    text = Question(question).effect(service.Reply("retry"))
    assert "past the point of no return: sub" in text
    did.clear()
    lose(monkeypatch, RollBackChild)
    service.answer(question.pk, service.Reply("retry"), "anna")
    assert settle(redis_client, monkeypatch, run) == "compensated"
    assert [effect.partition(" of ")[0] for effect in did] == ["undo inner", "undo pay", "undo first"]
    assert run.children.get().journal.get(type="run.compensating").data["by"] == "anna"


@pytest.mark.rule("R6.11")
@pytest.mark.parametrize(("by", "asks"), [("", True), ("anna", False)])
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_live_child_past_it_is_cancelled_for_a_person_only(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, by: str, asks: bool, is_lost: bool
) -> None:
    publish(chain(step("pay", pivot=True), Step("hold", kind="wait", signal="go"), name="child"))
    run = engine.start_run(publish(chain(Step("sub", kind="workflow", workflow="child"), name="parent")), {})
    work(redis_client)
    assert rollback_plan(run)["past_pivot"] == ["sub"]
    if is_lost:
        lose(monkeypatch, CancelChild)
    engine.cancel_run(run.pk, user=by)
    assert settle(redis_client, monkeypatch, run) == ("compensating" if asks else "cancelled")
    child = run.children.get()
    assert child.status == ("waiting" if asks else "cancelled")
    if asks:
        question = Intervention.objects.get(run=child, status="open")
        assert Question(question).answers == ("skip", "compensate")
        assert "its point of no return, has completed" in sentence_about(Question(question))
        service.answer(question.pk, service.Reply("compensate"), "anna")
        assert settle(redis_client, monkeypatch, run) == "cancelled"


@pytest.mark.rule("R6.13")
def test_the_sweep_asks_once_when_a_run_past_it_takes_too_long(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (step("pay", pivot=True), Step("hold", kind="wait", signal="go"))
    run = engine.start_run(publish(chain(*steps, timeout=0.001)), {})
    work(redis_client)
    assert settle(redis_client, monkeypatch, run) == "waiting"
    assert not sweep.sweep_once()
    assert Intervention.objects.get(run=run).error["code"] == "timeout"
    engine.signal(run.pk, "go")
    service.answer(Intervention.objects.get(run=run).pk, service.Reply("skip"), "anna")
    run.refresh_from_db()
    assert run.status == "completed"


@pytest.mark.rule("R5.8")
def test_a_parent_hears_of_its_childs_end_before_a_person_rolls_the_child_back(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(publish)
    lose(monkeypatch, TellParent)
    work(redis_client)
    engine.roll_back(run.children.get().pk, None, "anna")
    assert run.steps.get(name="sub").status == "completed"


@pytest.mark.rule("R5.9")
def test_a_child_that_cannot_be_created_fails_its_step_and_nothing_else(
    publish: Publish, redis_client: Redis
) -> None:
    steps = (
        Step("sub", kind="workflow", workflow="nowhere"),
        Step("empty", kind="wait", seconds="=context.no"),
    )
    run = engine.start_run(publish(Graph("parent", steps=steps)), {})
    run.refresh_from_db()
    assert (run.status, run.children.count()) == ("failed", 0)
