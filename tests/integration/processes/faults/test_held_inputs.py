"""Schedulers that are killed while they start what was held back, and two of them at once."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from subprocess import CompletedProcess

import pytest
from django.db.models import F
from redis import Redis

from designer.document.flow import Debounce
from designer.document.graph import Step
from runs.engine.creation import Request
from runs.models import HeldInput, Run
from runs.triggers import debounce
from runs.triggers.debounce import Held
from tests.integration.processes.conftest import manage
from tests.integration.runs.conftest import Publish, chain, publish
from tests.integration.runs.triggers.triggering import hook_trigger

__all__ = ["publish"]
HELD = 20
SWEEP = "from runs.maintenance.sweep import sweep_due; sweep_due()"
KILLED = {
    "before the row is removed": "from runs.models import HeldInput as part; name = 'delete'",
    "before the commit": "from runs.store import transactions as part; name = '_end'",
    "after the commit": "from runs.engine import after_commit as part; name = 'carry_out_all'",
}
KILL = "import os, signal; setattr(part, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))"

pytestmark = pytest.mark.rule("R11.9")


@pytest.fixture
def due(transactional_db: None, own_workers: None, redis_client: Redis, publish: Publish) -> None:
    """Inputs that were held back and are due, each with a key of its own."""
    version = publish(
        chain(Step("pause", kind="wait", seconds=60.0), debounce=Debounce(30.0, "=input.order"))
    )
    trigger, _ = hook_trigger(version.workflow)
    for order in range(HELD):
        held = debounce.take(trigger, Request(version, {"order": order}, {}, None, f"delivery-{order}"))
        assert isinstance(held, Held)
    HeldInput.objects.update(due_at=F("due_at") - timedelta(seconds=31))


def sweep(*before: str) -> CompletedProcess[str]:
    return manage("shell", "-c", "\n".join([*before, SWEEP]))


def started_once() -> bool:
    orders = [run.input["order"] for run in Run.objects.all()]
    return sorted(orders) == list(range(HELD)) and not HeldInput.objects.exists()


@pytest.mark.parametrize("moment", KILLED)
def test_what_a_killed_scheduler_left_is_started_once(due: None, moment: str) -> None:
    killed = sweep(KILLED[moment], KILL)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Run.objects.count() + HeldInput.objects.count() == HELD
    left = sweep()
    assert left.returncode == 0, left.stderr
    assert started_once()


def test_two_schedulers_start_each_once(due: None) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: sweep(), range(2)))
    assert [one.returncode for one in both] == [0, 0], both
    assert started_once()
