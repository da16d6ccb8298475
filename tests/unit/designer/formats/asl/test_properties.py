"""Of any machine: each state is told once, what is told is in the draft, nothing is lost without a word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from designer.document.document import storage_problem
from designer.errors import FormatError
from designer.formats.asl.importing import every_step
from tests.unit.designer.formats.asl.helpers import imported, problems_of, task
from tests.unit.designer.formats.asl.mutations import mutated
from tests.unit.designer.formats.asl.strategies import machines

BRIEF = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # making a machine smaller takes minutes
)


@BRIEF
@given(machines())
def test_what_the_report_says_is_what_the_draft_has(machine: Any) -> None:
    draft, report = imported(machine)
    assert storage_problem(draft) is None
    assert {step.get("worker") for step in every_step(draft)} - {None} == set(report.workers)
    imported(machine, accepts_undo=True)


@BRIEF
@given(machines())
def test_a_draft_needs_nothing_but_workers(machine: Any) -> None:
    assert problems_of(imported(machine)[0]) == []


CHANGED, CHUNK = 320, 40


@pytest.mark.parametrize("first", range(0, CHANGED, CHUNK))
def test_a_real_machine_that_was_changed_is_refused_or_needs_nothing_but_workers(first: int) -> None:
    taken = 0
    for seed in range(first, first + CHUNK):
        try:
            draft, report = imported(mutated(seed))
        except FormatError as error:
            assert str(error), seed
            continue
        taken += 1
        assert problems_of(draft) == [], (seed, report.as_text())
    assert taken > CHUNK / 4


def test_names_of_states_may_be_as_long_as_they_are_there() -> None:
    name = "x" * 80
    part = {"StartAt": "In", "States": {"In": task(ResultPath="$.a.b", End=True)}}
    around = {"Type": "Map", "ItemProcessor": part, "ResultPath": "$.m.n", "End": True}
    token = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    for state in (task(ResultPath="$.a.b", End=True), around, task(End=True) | {"Resource": token}):
        draft, _ = imported({"StartAt": name, "States": {name: state}})
        assert problems_of(draft) == []
