"""Whoever can write to Redis gains no code: records of jobs are data, and few functions may be called."""

from __future__ import annotations

import json
import logging
import os
import pickle
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from redis import Redis
from rq import serializers
from rq.exceptions import DequeueTimeout

from runs.delivery import queue as run_queue
from runs.interventions import notifications
from tests.people import client_of
from workers.process.rq_worker import StepWorker

MARK = Path("/tmp") / f"sagaboard-test-{os.getpid()}"
QUEUE = "rq:queue:default"


class Bomb:
    """Touches a file as soon as it is unpickled."""

    def __reduce__(self) -> Any:
        return Path.touch, (MARK,)


class Room:
    """The async runner of a worker that has none."""

    def wait_for_room(self, stop: Any) -> None:
        """Always there."""

    def is_empty(self) -> bool:
        return True


def call(name: Any, args: Any = (), instance: Any = None, more: Any = None) -> bytes:
    return json.dumps([name, instance, args, {} if more is None else more]).encode()


PICKLED = pickle.dumps(("os.getpid", Bomb(), (), {}))
RECORDS: dict[str, dict[Any, Any]] = {
    "pickled": {"data": PICKLED},
    "pickled and packed": {"data": zlib.compress(PICKLED)},
    "result and meta": {"data": call("os.getpid"), "result": PICKLED, "meta": PICKLED},
    "another function": {"data": zlib.compress(call("pathlib.Path.touch", [str(MARK)]))},
    "a shell": {"data": call("os.system", [f"touch {MARK}"])},
    "the product's own": {"data": call("runs.maintenance.retention.prune")},
    "a step": {"data": call(run_queue.JOB, ["x", "a", 1])},
    "a callback": {"data": call("os.getpid"), "success_callback_name": b"os.getpid"},
    "an instance": {"data": call(run_queue.MAIL_JOB, [1], instance="x")},
    "named arguments": {"data": call(run_queue.MAIL_JOB, [], more={"mail_id": 1})},
    "an object as argument": {"data": call(run_queue.MAIL_JOB, [{"a": 1}])},
    "no name": {"data": call(["os.getpid"])},
    "too few parts": {"data": b"[1, 2]"},
    "no JSON": {"data": b"\x00\xff"},
    "a record that unpacks to very much": {"data": zlib.compress(b" " * 50_000_000)},
    "deep": {"data": b"[" * 100_000},
}
AT = "2026-01-01T00:00:00.000000Z"
SHOWN = {"origin": "default", "status": "failed", "created_at": AT, "enqueued_at": AT, "ended_at": AT}
IDS = [
    "x" * 300,
    "",
    "a:b",
    "\u00e4",
    b"\xff\xfe",
    "z" * 32 + "-a-1",
    "0" * 32 + "-a-" + "9" * 40,
    "../../x",
    "a b",
]


@pytest.fixture(autouse=True)
def unmarked() -> Iterator[None]:
    MARK.unlink(missing_ok=True)
    yield
    assert not MARK.exists()
    MARK.unlink(missing_ok=True)


@pytest.fixture
def worker(redis_client: Redis, transactional_db: None) -> StepWorker:
    runner: Any = Room()
    return StepWorker.listening(["default"], "test", runner)


def take(worker: StepWorker) -> bool:
    """Takes the next job as the loop of a worker process does; False if there is none."""
    taken = worker.queue_class.dequeue_any(
        worker.queues, None, worker.connection, worker.job_class, worker.serializer
    )
    if taken is None:
        return False
    worker.execute_job(*taken)
    return True


@pytest.mark.parametrize("name", RECORDS)
def test_a_job_that_is_none_of_ours_is_refused_logged_once_and_removed(
    worker: StepWorker, redis_client: Redis, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    redis_client.hset("rq:job:evil", mapping=RECORDS[name])
    redis_client.rpush(QUEUE, "evil")
    with caplog.at_level(logging.INFO):
        assert take(worker)
    if name != "a step":
        assert "job evil is refused and removed" in caplog.text
    assert len([record for record in caplog.records if "evil" in record.getMessage()]) == 1
    assert len(caplog.text) < 5_000
    worker._beat_at = 0.0
    worker.heartbeat()
    assert not redis_client.exists("rq:job:evil") and not redis_client.llen(QUEUE)


@pytest.mark.parametrize("job_id", IDS, ids=ascii)
def test_an_id_that_is_none_is_dropped(worker: StepWorker, redis_client: Redis, job_id: Any) -> None:
    redis_client.rpush(QUEUE, job_id)
    assert not take(worker)
    assert not redis_client.llen(QUEUE)


def test_a_record_of_another_type_is_refused(worker: StepWorker, redis_client: Redis) -> None:
    redis_client.rpush("rq:job:evil", "x")
    redis_client.rpush(QUEUE, "evil")
    assert take(worker)


def test_the_products_own_jobs_are_carried_out(
    worker: StepWorker, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(notifications, "send", sent.append)
    run_queue.enqueue(run_queue.MAIL_JOB, "case-mail-7-1", 7)
    record: Any = redis_client.hget("rq:job:case-mail-7-1", "data")
    assert b"notifications.send" in zlib.decompress(record)
    assert take(worker) and sent == [7]


def test_every_job_that_may_be_called_is_a_function_of_the_product() -> None:
    for name in run_queue.JOBS:
        module, _, function = name.rpartition(".")
        assert callable(getattr(__import__(module, fromlist=[function]), function))


@pytest.mark.parametrize("name", ["pickled", "pickled and packed", "result and meta", "no JSON", "deep"])
def test_pages_that_show_jobs_unpickle_nothing(redis_client: Redis, db: None, name: str) -> None:
    redis_client.hset("rq:job:evil", mapping=RECORDS[name] | SHOWN)
    redis_client.rpush(QUEUE, "evil")
    redis_client.sadd("rq:queues", QUEUE)
    for registry in ("failed", "finished", "wip", "scheduled", "deferred"):
        redis_client.zadd(f"rq:{registry}:default", {"evil": 9e9})
    operator = client_of("olga", "operator")
    pages = [
        reverse("django_rq:home"),
        reverse("django_rq:jobs", args=[0]),
        reverse("django_rq:failed_jobs", args=[0]),
        reverse("django_rq:finished_jobs", args=[0]),
        reverse("django_rq:job_detail", args=[0, "evil"]),
    ]
    for page in pages:
        assert operator.get(page).status_code in (200, 302, 404), page


def test_rq_has_no_other_serializer_in_this_process() -> None:
    for asked in (None, "pickle", "json"):
        assert serializers.resolve_serializer(asked) is serializers.JSONSerializer


def test_nothing_waits_in_an_empty_queue(worker: StepWorker) -> None:
    with pytest.raises(DequeueTimeout):
        worker.queue_class.dequeue_any(worker.queues, 1, worker.connection, worker.job_class)
