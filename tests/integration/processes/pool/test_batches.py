"""A worker process that dies with several runs under way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from django.conf import settings
from redis import Redis

from runs.engine import engine
from runs.models import JournalEntry, Run
from tests.integration.processes.conftest import running, wait_for
from tests.integration.runs.conftest import Publish, chain, publish, step
from tests.replay import replayed

__all__ = ["publish"]
RUNS = 60
STEPS = ("a", "b", "c")


def test_only_what_had_begun_is_tried_again(
    redis_client: Redis, publish: Publish, own_workers: None, tmp_path: Path
) -> None:
    """What it had claimed and not begun is given back: nobody asks whether that took effect."""
    begun = settings.DATA_DIR / "begun"
    begun.unlink(missing_ok=True)
    version = publish(chain(*(step(name, worker="swift", compensation="none") for name in STEPS)))
    fatal = {number: STEPS[number % 3] for number in range(20, RUNS, 4)}
    runs = [engine.start_run(version, {"fatal": fatal.get(number, "")}) for number in range(RUNS)]
    modules = {"WORKER_MODULES": "tests.integration.processes.workers"}
    with (
        running("worker", log=tmp_path / "log", QUICK_S="60", **modules),
        running("scheduler", log=tmp_path / "scheduler.log", **modules),  # repeats dispatches that got lost
    ):
        wait_for(lambda: Run.objects.filter(status="completed").count() == RUNS)
    found = JournalEntry.objects.filter(run__in=[run.pk for run in runs])
    lost = Counter(found.filter(data__error__code="worker_lost").values_list("run_id", "step"))
    given_back = set(found.filter(data__handed_back=True).values_list("run_id", "step"))
    times = Counter(begun.read_text().split())
    for run in runs:
        replayed(run)
        for name in STEPS:
            assert 1 <= times[f"{run.pk}:{name}"] <= 1 + lost[run.pk, name]
    assert len(fatal) <= sum(lost.values())
    assert given_back - lost.keys(), "no process died with others waiting"
