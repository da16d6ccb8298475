"""Drafts of real machines run: along a path for each rule of each Choice, with workers that answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from designer.formats.asl.importing import every_step
from designer.formats.asl.machine import machine_of
from tests.unit.designer.formats.asl.answers import answer_for, rules_of
from tests.unit.designer.formats.asl.helpers import entry_of, imported, samples
from tests.unit.designer.formats.asl.play import Failed, Play

ANSWERS: Mapping[str, Any] = {
    "get_segment_detection": {"JobStatus": "SUCCEEDED", "Segments": [{"EndTimecodeSMPTE": "00:00"}]},
    "seed_the_dynamo_db_table": ["1", "DONE"],
    "getimage_metadata": [{"isValidImage": 1}, {"isValidImage": 1}],
}
"""Of steps whose service and data use the same names for different things."""
MEANT = {"turns_exhausted", "child_failed", "items_failed", "no_branch_matched"}


@pytest.mark.parametrize("name", samples())
def test_a_draft_runs_along_a_path_for_each_rule(name: str) -> None:
    machine = samples()[name]
    draft, _ = imported(machine)
    codes = {step["code"] for step in every_step(draft) if step.get("kind") == "fail"}
    for _, rule in [("", None), *rules_of(machine_of(machine))]:
        answer = answer_for(machine, rule)
        play = Play(partial(stub, answer))
        try:
            play.run(draft, {**answer, "items": [answer]})
        except Failed as failure:
            assert set(failure.codes) <= MEANT | codes, f"{failure} by {rule}"
        assert play.visited


def stub(answer: dict[str, Any], worker: str, step: str, context: Mapping[str, Any]) -> Any:
    if worker == "evaluate_rule":
        return {"value": True}
    if step in ANSWERS:
        return ANSWERS[step]
    more = {"items": [answer], "value": [answer], "body": answer, "status": 200, "headers": {}}
    return {**answer, **more}


def test_entries_are_found_by_path() -> None:
    assert entry_of(imported(samples()["path_based_on_data_statemachine"])[1], "Choice State").steps
