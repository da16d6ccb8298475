"""Imported machines in the engine: they end, and leave, what the play of their drafts says."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from redis import Redis

from config.lib.caches import clear_all
from designer.formats.asl.importing import every_step
from designer.services.workflows import import_document
from runs.queries.runs import run_json
from tests.integration.designer import machine_workers
from tests.unit.designer.formats.asl.answers import answer_for
from tests.unit.designer.formats.asl.helpers import imported, samples
from tests.unit.designer.formats.asl.play import TURNS_MAX, Failed, Play
from tests.unit.designer.formats.asl.test_plays import stub
from workers.cli.local_run import start_and_run


@pytest.fixture(autouse=True)
def catalog(settings: Settings, redis_client: Redis, transactional_db: None) -> None:
    settings.WORKER_MODULES = ["tests.integration.designer.machine_workers"]
    clear_all()  # setting the database up may have loaded the catalog


def hurry(draft: dict[str, Any]) -> None:
    """Lets one worker answer for all, and nothing wait."""
    for step in every_step(draft):
        step.pop("retry", None)
        kind = step.get("kind", "task")
        if kind == "wait" and "signal" in step:
            for key in ("kind", "signal", "timeout"):
                step.pop(key, None)
            step["worker"] = ""
        elif kind == "wait":
            step.pop("until", None)
            step["seconds"] = 0
        elif kind == "loop":
            step["max_turns"] = TURNS_MAX
        if "worker" in step:
            asked = {"asked_worker": step["worker"], "asked_step": step["name"]}
            step |= {"worker": "answer", "params": {**step.get("params", {}), **asked}}


@pytest.mark.parametrize("name", samples())
def test_a_machine_runs_as_its_draft_says(name: str) -> None:
    draft, _ = imported(samples()[name])
    hurry(draft)
    answer = answer_for(samples()[name], None)
    machine_workers.answers["now"] = partial(stub, answer)
    given = {**answer, "items": [answer]}
    *_, run = start_and_run(import_document(draft, publish=True).version, given, None)
    run.refresh_from_db()
    try:
        output = Play(partial(stub, answer)).run(draft, given)
    except Failed:
        assert run.status in ("failed", "compensated"), run.error
        return
    assert run.status == "completed", run.error
    assert run_json(run)["output"].keys() == output.keys()
