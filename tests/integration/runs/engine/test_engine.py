"""The engine on a real database: what is stored, what is refused, what a fault may do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from rq import Queue

from designer.document.graph import Action, Edge, Graph, Step
from runs.delivery import queue, worker_processes
from runs.engine import engine
from runs.errors import BadInput
from runs.interventions import service
from runs.machine.errors import Refused
from runs.maintenance.sweep import sweep_once
from runs.models import Intervention, JournalEntry, Run, StepRun, WorkerProcess
from runs.queries.rollback_plan import rollback_plan
from runs.queries.runs import frames, run_json
from runs.store import reader
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.integration.runs.workers import did
from tests.replay import replayed
from workers.process.jobs import carry_out, run_attempt
from workers.sdk.outcome import Outcome

HERE = engine.Continuation("here", frozenset({"default"}))


def error_of(run: Run) -> dict[str, Any]:
    return dict(run.error or {})


def types(run: Run) -> list[str]:
    return [frame["type"] for frame in frames(run.pk)]


def only_job(redis: Redis) -> tuple[str, str, int]:
    (job,) = [Queue("default", connection=redis).fetch_job(found) for found in queue.queued_ids({"default"})]
    assert job is not None
    run_id, name, lease = job.args
    return run_id, name, lease


@pytest.fixture
def started(publish: Publish) -> Run:
    return engine.start_run(publish(chain(step("a"), step("b"), step("c"))), {"order": 1})


def test_a_sequence_completes_and_merges_its_outputs(run_here: RunHere) -> None:
    run = run_here(chain(step("a"), step("b", worker="act_async")), order=7)
    document = run_json(run)
    assert document["status"] == "completed"
    assert document["output"] == {"a": 1, "b": 1}
    assert document["context"] == {"order": 7, "a": 1, "b": 1}
    assert [found["status"] for found in document["steps"]] == ["completed", "completed"]
    assert types(run)[0] == "run.created" and types(run)[-1] == "run.completed"


def test_a_failure_is_undone_in_reverse_with_output_and_failure(run_here: RunHere) -> None:
    run = run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical"})
    assert run.status == "compensated"
    assert did == ["a", "b", "undo b of 1 after c", "undo a of 1 after c"]
    assert {**error_of(run), "message": ""} == {"step": "c", "code": "critical", "message": ""}


def test_a_retried_step_is_not_undone(run_here: RunHere) -> None:
    run = run_here(chain(step("a"), step("b")), faults={"a": "temporary"})
    assert run.status == "completed"
    assert run_json(run)["steps"][0]["attempts"] == 2


@pytest.mark.parametrize(
    "faults", [{}, {"c": "critical"}, {"a": "temporary"}, {"c": "critical", "undo_b": True}]
)
def test_the_journal_has_no_gap_and_replays_to_the_stored_state(
    run_here: RunHere, faults: dict[str, object]
) -> None:
    run = run_here(chain(step("a"), step("b"), step("c")), faults=faults)
    assert [frame["seq"] for frame in frames(run.pk)] == list(range(1, run.last_seq + 1))
    stored, again = reader.load(run.pk).state, replayed(run)
    assert again.run == stored.run
    assert again.steps() == stored.steps()


def test_outputs_are_stored_once(run_here: RunHere) -> None:
    run = run_here(chain(step("a"), step("b")), a=987654321)
    assert JournalEntry.objects.filter(run=run, payload__isnull=False).count() == 2
    assert "98765432" not in str(list(StepRun.objects.filter(run=run).values("state", "error")))


def test_the_same_idempotency_key_gives_the_same_run(publish: Publish) -> None:
    version = publish(chain(step("a")))
    first = engine.start_run(version, {}, idempotency_key="k")
    assert engine.start_run(version, {}, idempotency_key="k").pk == first.pk
    assert Run.objects.count() == 1


def test_an_input_that_does_not_fit_starts_nothing(publish: Publish) -> None:
    schema = {"type": "object", "required": ["order"], "properties": {"order": {"type": "integer"}}}
    version = publish(chain(step("a"), input_schema=schema))
    with pytest.raises(BadInput, match="order"):
        engine.start_run(version, {"order": "one"})
    assert not Run.objects.exists()


def test_a_duplicate_job_has_no_effect(started: Run, redis_client: Redis) -> None:
    job = only_job(redis_client)
    claimed = engine.claim(UUID(job[0]), job[1], job[2], "one")
    assert claimed is not None
    run_attempt(*job)
    assert did == []
    carry_out(claimed, HERE)
    run_attempt(*job)
    assert did == ["a", "b", "c"]


def test_a_lost_process_is_retried_elsewhere_and_its_late_report_is_discarded(
    started: Run, redis_client: Redis
) -> None:
    late = engine.claim(*_claim_args(redis_client), "doomed")
    assert late is not None
    assert engine.process_lost("doomed") == 1
    assert StepRun.objects.get(run=started, name="a").status == "retrying"
    seq = Run.objects.get(pk=started.pk).last_seq
    assert engine.report(late, Outcome("succeeded", {"late": True})) is None
    assert Run.objects.get(pk=started.pk).last_seq == seq


def test_what_a_lost_process_had_not_begun_is_given_back(started: Run, redis_client: Redis) -> None:
    """Its outcome is not unknown, and its worker was not to blame: another process begins it."""
    run_id, name, lease = _claim_args(redis_client)
    assert engine.claim(run_id, name, lease, "doomed") is not None
    assert engine.process_lost("doomed", {(run_id, name, lease)}) == 0
    row = StepRun.objects.get(run=started, name=name)
    assert (row.status, row.process) == ("queued", "")
    assert not JournalEntry.objects.filter(run=started, data__error__code="worker_lost").exists()
    assert engine.claim(run_id, name, lease + 1, "here") is not None


def _claim_args(redis: Redis) -> tuple[UUID, str, int]:
    run_id, name, lease = only_job(redis)
    return UUID(run_id), name, lease


def test_the_sweep_rings_again_what_redis_has_lost(started: Run, redis_client: Redis) -> None:
    redis_client.flushall()
    assert sweep_once() == 0, "a fresh ring is given time"
    StepRun.objects.update(due_at=reader.now())
    assert sweep_once() == 1
    carry_out(engine.claim(*_claim_args(redis_client), "here"), HERE)
    assert Run.objects.get(pk=started.pk).status == "completed"


def test_the_sweep_leaves_a_job_alone_that_only_waits(started: Run, redis_client: Redis) -> None:
    StepRun.objects.update(due_at=reader.now())
    assert sweep_once() == 0
    assert len(queue.queued_ids({"default"})) == 1
    assert StepRun.objects.filter(due_at__gt=reader.now()).count() == 1


def test_the_sweep_ends_the_leases_of_silent_processes(started: Run, redis_client: Redis) -> None:
    engine.claim(*_claim_args(redis_client), "elsewhere:1:x")
    worker_processes.register("elsewhere:1:x", host="elsewhere", pid=1, queues=["default"], workers=[])
    worker_processes.gone("elsewhere:1:x")
    WorkerProcess.objects.create(
        id="elsewhere:1:x",
        host="elsewhere",
        pid=1,
        started_at=reader.now(),
        seen_at=reader.now().replace(year=2020),
    )
    assert sweep_once() >= 1
    assert "step.retry_scheduled" in types(started)
    assert StepRun.objects.get(run=started, name="a").process == ""


def test_without_redis_a_run_starts_and_waits(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Redis:
        return Redis(unix_socket_path="/nonexistent/valkey.sock")

    monkeypatch.setattr(queue, "connection", nobody)
    run = engine.start_run(publish(chain(step("a"))), {})
    assert run.status == "running"


def test_cancelling_undoes_and_abandoning_does_not(publish: Publish, redis_client: Redis) -> None:
    version = publish(chain(step("a"), step("b")))
    for mode, status in (("compensate", "cancelled"), ("abandon", "cancelled")):
        redis_client.flushall()
        run = engine.start_run(version, {})
        claimed = engine.claim(*_claim_args(redis_client), "here")
        assert claimed is not None
        engine.report(claimed, Outcome("succeeded", {"a": 1}))
        redis_client.flushall()
        engine.cancel_run(run.pk, mode)  # type: ignore[arg-type]
        for job in list(queue.queued_ids({"default"})):
            found = Queue("default", connection=redis_client).fetch_job(job)
            assert found is not None
            run_attempt(*found.args)
        run.refresh_from_db()
        assert run.status == status
        assert StepRun.objects.get(run=run, name="a").undo == (
            "compensated" if mode == "compensate" else "abandoned"
        )


def test_a_failed_undo_is_a_case_that_is_answered_once(run_here: RunHere) -> None:
    graph = chain(step("a"), step("b"), step("c"))
    run = run_here(graph, faults={"c": "critical", "undo_b": True})
    assert run.status == "blocked"
    intervention = Intervention.objects.get(run=run)
    assert (intervention.kind, intervention.step, intervention.status) == ("compensation_failed", "b", "open")
    service.answer(intervention.pk, service.Reply("resolve", "refunded at the bank"), "ada")
    with pytest.raises(Refused, match="ada has already answered: I undid it by hand"):
        service.answer(intervention.pk, service.Reply("retry"), "bob")
    intervention.refresh_from_db()
    assert (intervention.answer, intervention.answered_by, intervention.note) == (
        "resolve",
        "ada",
        "refunded at the bank",
    )
    assert StepRun.objects.get(run=run, name="b").undo == "resolved"


def test_the_rollback_plan_is_the_walk_that_follows(run_here: RunHere) -> None:
    run = run_here(chain(step("a"), step("b"), step("c")))
    planned = rollback_plan(run)
    assert [undo["step"] for undo in planned["undo"]] == ["c", "b", "a"]
    with queue.collect_dispatches() as dispatches:
        engine.roll_back(run.pk, user="ada")
        while dispatches:
            owner, dispatch = dispatches.popleft()
            run_attempt(str(owner), dispatch.step, dispatch.lease)
    run.refresh_from_db()
    assert run.status == "compensated"
    assert did[3:] == ["undo c of 1 after None", "undo b of 1 after None", "undo a of 1 after None"]


def test_a_map_gives_results_in_order(run_here: RunHere) -> None:
    items = step(
        "m", kind="map", worker="double", compensation=None, items="context.numbers", output_key="all"
    )
    run = run_here(chain(items), numbers=[3, 1, 2])
    assert run_json(run)["output"] == {"all": [{"doubled": 6}, {"doubled": 2}, {"doubled": 4}]}


def test_a_completed_child_is_rolled_back_through_its_parent(publish: Publish, run_here: RunHere) -> None:
    publish(chain(step("x"), step("y"), name="child"))
    parent = chain(
        Step("sub", kind="workflow", workflow="child", input={"n": "=context.n"}), step("z"), name="parent"
    )
    run = run_here(parent, n=5, faults={"z": "critical"})
    child = run.children.get()
    assert child.input == {"n": 5}
    assert (run.status, child.status) == ("compensated", "compensated")
    assert did == ["x", "y", "undo y of 1 after None", "undo x of 1 after None"]


def test_a_dynamic_step_adds_steps_that_are_undone_too(run_here: RunHere) -> None:
    router = Step("router", worker="choose", dynamic=True)
    choice = ["act", {"name": "more", "worker": "act", "compensation": {"worker": "undo"}}]
    run = run_here(chain(router, step("last")), choice=choice, faults={"last": "critical"})
    assert did == ["act", "more", "undo more of 1 after last"]
    names = [found["name"] for found in run_json(run)["steps"]]
    assert names == ["router", "act", "more", "last"]
    assert run_json(run)["steps"][1]["added_by"] == "router"


def test_an_unknown_dynamic_worker_fails_the_step_and_adds_nothing(run_here: RunHere) -> None:
    run = run_here(chain(Step("router", worker="choose", dynamic=True)), choice=["act", "nobody"])
    assert run.status == "failed"
    assert "nobody" in error_of(run)["message"]
    assert did == []


def test_branches_join_and_a_missing_branch_says_what_it_compared(run_here: RunHere) -> None:
    steps = (step("a"), step("b"), step("c"), step("d"))
    edges = (
        Edge("a", "b", when="context.n > 1"),
        Edge("a", "c", when="context.n < 0"),
        Edge("b", "d"),
        Edge("c", "d"),
    )
    graph = Graph("sample", steps=steps, edges=edges)
    assert run_here(graph, n=2).status == "completed"
    assert did == ["a", "b", "d"]
    run = run_here(graph, n=1)
    assert run.status == "compensated"
    assert error_of(run)["code"] == "no_branch_matched"
    assert "context.n = 1" in error_of(run)["message"]


def test_what_a_worker_says_of_itself_is_in_the_journal(run_here: RunHere) -> None:
    run = run_here(chain(Step("talk", worker="talk")))
    (said,) = [frame["data"] for frame in frames(run.pk) if frame["type"] == "step.progress"]
    assert said == {"fraction": 0.5, "message": "half", "log": ["half way"]}


def test_approvals_and_signals_are_waited_for(publish: Publish) -> None:
    graph = chain(Step("ok", kind="approval"), Step("paid", kind="wait", signal="payment"), step("a"))
    run = engine.start_run(publish(graph), {})
    assert run.status == "waiting"
    engine.approve(run.pk, "ok", True, "ada", "fine")
    engine.signal(run.pk, "payment", {"amount": 3})
    run.refresh_from_db()
    assert run.status == "running"
    assert run_json(run)["context"] == {"approved": True, "by": "ada", "comment": "fine", "amount": 3}


def test_an_action_may_be_given_params_that_are_expressions(run_here: RunHere) -> None:
    undo = Action("undo", params={"faults": "=context.undo_faults"})
    run = run_here(
        chain(step("a", compensation=undo), step("b")), faults={"b": "critical"}, undo_faults={"undo_a": 1}
    )
    assert run.status == "blocked"


@pytest.mark.rule("R6.16")
@pytest.mark.parametrize("fails", [False, True])
def test_workers_are_told_that_they_act_for_the_fallback(run_here: RunHere, fails: bool) -> None:
    faults = {"a": "critical"} | ({"b": "critical"} if fails else {})
    run = run_here(chain(step("a", fallback=Action("act")), step("b")), faults=faults)
    assert run.status == ("compensated" if fails else "completed")
    expected = ["a:fallback", "undo a:fallback of 1 after b"] if fails else ["a:fallback", "b"]
    assert did == expected
