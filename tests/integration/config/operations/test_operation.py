"""Health, metrics and the fleet: what they say of what there is, to whom, and at what cost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings
from redis import Redis

from config.accounts import tokens
from config.accounts.permissions import Role
from config.lib.caches import clear_all
from config.operations import fleet_status, health, metrics
from designer.models import Workflow, WorkflowVersion
from runs.delivery import queue, worker_processes
from runs.machine.events import Dispatch
from runs.models import (
    FleetSample,
    HeldInput,
    HourFigures,
    Intervention,
    Line,
    Place,
    Run,
    StepRun,
    WorkerProcess,
)
from runs.statistics import counters, histogram
from tests.people import client_of, person

PATHS = ("workers", "metrics")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, transactional_db: None, redis_client: Redis) -> None:
    """Nothing that an earlier test looked at is remembered."""
    monkeypatch.setattr(health, "CACHED_S", -1.0)


@pytest.fixture
def viewer() -> Client:
    return client_of("victor", "viewer")


@pytest.fixture
def process() -> WorkerProcess:
    now = timezone.now()
    return WorkerProcess.objects.create(
        id="there:1:a", host="there", pid=1, queues=["default"], workers=["act"], started_at=now, seen_at=now
    )


@pytest.fixture
def all_well(process: WorkerProcess) -> None:
    counters.sample_fleet()


@pytest.fixture
def run(transactional_db: None) -> Run:
    workflow = Workflow.objects.create(name="sample")
    version = WorkflowVersion.objects.create(workflow=workflow, number=1, document={}, resolved={})
    return Run.objects.create(
        version=version, workflow_name="sample", status="running", created_at=timezone.now()
    )


def get(client: Client, path: str, **headers: str) -> Any:
    return client.get(f"/api/v1/{path}", headers=headers)


# --- health ---


def test_all_is_well(all_well: None, viewer: Client) -> None:
    answer = get(viewer, "health")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["status"] == "ok" and set(found["parts"]) == set(health.CHECKS)
    assert found["parts"]["workers"] == {"is_ok": True, "text": "1 worker process online"}


def test_strangers_learn_only_whether_it_is_well(all_well: None) -> None:
    assert get(Client(), "health").json() == {"status": "ok"}
    FleetSample.objects.all().delete()
    answer = get(Client(), "health")
    assert answer.status_code == 503 and answer.json() == {"status": "not ok"}
    assert get(client_of("nora"), "health").json() == {"status": "not ok"}
    assert get(Client(), "health", Authorization="Bearer sgb_wrong").status_code == 401


def lose_workers(settings: Settings) -> None:
    WorkerProcess.objects.update(seen_at=timezone.now() - timedelta(minutes=1))


def lose_scheduler(settings: Settings) -> None:
    FleetSample.objects.update(at=timezone.now() - timedelta(minutes=4))


def lose_redis(settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"


@pytest.mark.parametrize(
    ("lose", "bad"),
    [
        (lose_workers, {"workers"}),
        (lose_scheduler, {"scheduler"}),
        (lose_redis, {"redis", "scheduler"}),
    ],
)
def test_what_is_away_is_named(
    all_well: None, viewer: Client, settings: Settings, lose: Any, bad: set[str]
) -> None:
    lose(settings)
    answer = get(viewer, "health")
    assert answer.status_code == 503
    assert {name for name, part in answer.json()["parts"].items() if not part["is_ok"]} == bad
    assert "nowhere" not in answer.content.decode()
    ready = get(viewer, "health/ready")
    assert ready.status_code == 200 and set(ready.json()["parts"]) == {"database", "migrations"}


def test_an_overdue_timer_tells_of_the_scheduler(all_well: None, viewer: Client, run: Run) -> None:
    StepRun.objects.create(run=run, name="a", due_at=timezone.now() - timedelta(minutes=2))
    found = get(viewer, "health").json()["parts"]["scheduler"]
    overdue = re.search(r"overdue by (\d+) s", found["text"])
    assert not found["is_ok"] and overdue and 120 <= int(overdue[1]) < 180


def test_without_a_database(all_well: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("could not connect to server secret.example.org")

    token = tokens.make(person("vera", Role.VIEWER), "watch", Role.VIEWER)[1]
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", away)
        answer = get(Client(), "health")
        parts = health.parts()
        assert get(Client(), "health/live").status_code == 200
        with_token = {"Authorization": f"Bearer {token}"}
        assert get(Client(), "health/live", **with_token).status_code == 200
        assert get(Client(), "health", **with_token).json() == {"status": "not ok"}
    assert answer.status_code == 503 and answer.json() == {"status": "not ok"}
    assert "secret" not in str(parts)
    assert parts["migrations"].text == "not known: see database"


def test_unapplied_migrations(all_well: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "unapplied_migrations", lambda: ["runs.0099_later"])
    assert get(Client(), "health/ready").status_code == 503
    assert health.parts()["migrations"].text == "1 not applied"


def test_it_is_cheap(all_well: None, viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    health.parts()
    with CaptureQueriesContext(connection) as asked:
        health.parts()
    assert len(asked) <= 4
    monkeypatch.setattr(health, "CACHED_S", 60.0)
    with CaptureQueriesContext(connection) as asked:
        health.parts()
    assert len(asked) == 0


# --- metrics ---


def metrics_of(client: Client) -> dict[str, float]:
    """Each sample as `name{label}`."""
    answer = get(client, "metrics")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.content.decode())
    return {
        sample.name
        + "".join(f"{{{sample.labels[name]}}}" for name in sorted(sample.labels, reverse=True)): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_of_everything(viewer: Client, process: WorkerProcess, run: Run) -> None:
    now = timezone.now()
    until = now + timedelta(minutes=1)
    StepRun.objects.create(run=run, name="a", status="running", process=process.pk, due_at=until)
    StepRun.objects.create(run=run, name="b", due_at=now - timedelta(seconds=30))
    Intervention.objects.create(run=run, step="a", kind="step_failed", opened_seq=1, opened_at=now)
    queue.dispatch(run.pk, [Dispatch("a", 1, "default")])
    for days in (0, 1, 40):
        hour = (now - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        sizes = histogram.count([100, 200, 90_000])
        HourFigures.objects.create(hour=hour, status="completed", count=3, durations=sizes)
    found = metrics_of(viewer)
    assert found["sagaboard_runs{running}"] == 1 and found["sagaboard_runs{waiting}"] == 0
    assert found["sagaboard_queue_depth{default}"] == 1 and found["sagaboard_redis_up"] == 1
    assert found["sagaboard_interventions_open"] == 1
    assert 0 <= found["sagaboard_intervention_oldest_age_seconds"] < 60
    assert found["sagaboard_runs_paused"] == 0 and found["sagaboard_sockets_open"] == 0
    assert found["sagaboard_queue_oldest_wait_seconds{default}"] == 0  # no entry says since when
    [build] = [name for name in found if name.startswith("sagaboard_build_info")]
    assert connection.vendor in build.lower()
    assert found["sagaboard_worker_processes"] == 1 and found["sagaboard_attempts_running"] == 1
    assert 29 < found["sagaboard_sweep_lag_seconds"] < 60
    assert found["sagaboard_runs_ended_total{completed}"] == 9
    duration = "sagaboard_run_duration_seconds"
    assert found[f"{duration}_count{{completed}}"] == found[f"{duration}_bucket{{completed}}{{+Inf}}"] == 9
    assert found[f"{duration}_bucket{{completed}}{{0.128}}"] == 3
    assert found[f"{duration}_bucket{{completed}}{{0.256}}"] == 6
    assert found[f"{duration}_sum{{completed}}"] == pytest.approx(3 * 90.3, rel=0.1)


def test_counters_only_grow_as_hours_settle(viewer: Client) -> None:
    for days in (10, 3, 2, 1, 0):
        hour = (timezone.now() - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        HourFigures.objects.create(hour=hour, status="failed", count=1, durations={})
        assert metrics_of(viewer)["sagaboard_runs_ended_total{failed}"] >= 1
    clear_all()
    assert metrics_of(viewer)["sagaboard_runs_ended_total{failed}"] == 5


def test_metrics_without_redis_say_so(
    viewer: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    clear_all()
    found = metrics_of(viewer)
    assert found["sagaboard_redis_up"] == 0
    assert not any(name.startswith("sagaboard_queue_depth") for name in found)


def test_metrics_of_what_has_not_begun_by_workflow(viewer: Client, run: Run) -> None:
    now = timezone.now()
    full, other = (Line.objects.create(workflow_name=name, key_digest="k") for name in ("full", "other"))
    stands: list[tuple[Line, dict[str, Any]]] = [
        (full, {}),
        (full, {}),
        (full, {"begun_at": now}),
        (full, {"ended_at": now}),
        (other, {"begun_at": now, "ended_at": now}),
    ]
    for line, at in stands:
        own = Run.objects.create(version=run.version, workflow_name="full", created_at=now)
        Place.objects.create(run=own, line=line, turn_at=now, **at)
    for key in "ab":
        about = {"workflow": run.version.workflow, "version": run.version, "first_at": now, "due_at": now}
        HeldInput.objects.create(key_digest=key, **about)
    found = metrics_of(viewer)
    assert found["sagaboard_runs_in_line{full}"] == 2 and "sagaboard_runs_in_line{other}" not in found
    assert found["sagaboard_inputs_held_back{sample}"] == 2


def test_metrics_name_the_workflows_that_have_most(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "WORKFLOWS_MAX", 2)
    now = timezone.now()
    for name, count in (("one", 1), ("three", 3), ("two", 2)):
        workflow = Workflow.objects.create(name=name)
        version = WorkflowVersion.objects.create(workflow=workflow, number=1, document={}, resolved={})
        HeldInput.objects.bulk_create(
            HeldInput(workflow=workflow, version=version, key_digest=str(key), first_at=now, due_at=now)
            for key in range(count)
        )
    held = {name for name in metrics_of(viewer) if "held_back" in name}
    assert held == {"sagaboard_inputs_held_back{three}", "sagaboard_inputs_held_back{two}"}


def test_metrics_cost_the_same_for_many_runs(viewer: Client, run: Run) -> None:
    metrics.text()
    with CaptureQueriesContext(connection) as few:
        metrics.text()
    Run.objects.bulk_create(
        Run(version=run.version, workflow_name="sample", status="completed", created_at=run.created_at)
        for _ in range(300)
    )
    with CaptureQueriesContext(connection) as many:
        metrics.text()
    assert len(many) == len(few) <= 24
    assert not any(re.search(r'"runs_run".*"status" = .?completed', query["sql"]) for query in many)


# --- the fleet ---


def test_the_fleet_says_what_each_process_does(viewer: Client, process: WorkerProcess, run: Run) -> None:
    StepRun.objects.create(run=run, name="a", status="running", process=process.pk, started_at=run.created_at)
    StepRun.objects.create(run=run, name="b", status="completed", undo="running", process=process.pk)
    WorkerProcess.objects.create(
        id="gone:2:b",
        host="gone",
        pid=2,
        lacks=["charge", worker_processes.NEWER_CODE],
        started_at=process.started_at,
        seen_at=timezone.now() - timedelta(minutes=5),
    )
    found = get(viewer, "workers").json()
    silent, online = found["workers"]
    assert (online["id"], online["host"], online["queues"], online["is_online"]) == (
        "there:1:a",
        "there",
        ["default"],
        True,
    )
    assert {(step["step"], step["does"]) for step in online["running"]} == {("a", "step"), ("b", "undo")}
    assert {step["run"] for step in online["running"]} == {str(run.pk)}
    assert (silent["is_online"], silent["lacks"], silent["met_newer_code"]) == (False, ["charge"], True)
    assert found["queues"] == {"default": 0} and found["is_all"]
    page = viewer.get(reverse("fleet")).content.decode()
    for words in ("there", "Online", "Silent", "lacks charge", "newer version", str(run.pk), "of sample"):
        assert words in page


def test_workers_of_ones_own_that_replace_shipped_ones(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Spec:
        module = "my_shop"

    class Shipped:
        module = "workers.library.shop"

    class Catalog(dict[str, Spec]):
        overrides = {"charge": Shipped()}

    monkeypatch.setattr(fleet_status, "get_catalog", lambda: Catalog(charge=Spec()))
    found = get(viewer, "workers").json()["overrides"]
    assert found == [{"worker": "charge", "module": "my_shop", "replaces": "workers.library.shop"}]
    page = viewer.get(reverse("fleet")).content.decode()
    assert "charge" in page and "my_<wbr>shop" in page


def test_an_empty_fleet_says_what_to_do(viewer: Client) -> None:
    page = viewer.get(reverse("fleet")).content.decode()
    assert "manage.py worker --processes 2" in page
    assert get(viewer, "workers").json()["workers"] == []


def test_who_may_see_the_fleet_and_its_figures(viewer: Client) -> None:
    for path in PATHS:
        assert get(Client(), path).status_code == 401
        assert get(client_of(f"nora-{path}"), path).status_code == 403
        assert get(viewer, path).status_code == 200
    assert Client().get(reverse("fleet")).status_code == 302
    assert client_of("nils").get(reverse("fleet")).status_code == 403
