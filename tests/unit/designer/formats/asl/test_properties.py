"""Of any machine: each state is told once, what is told is in the draft, nothing is lost without a word."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from designer.document.document import storage_problem
from designer.formats.asl.importing import every_step
from tests.unit.designer.formats.asl.helpers import imported, problems_of
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
