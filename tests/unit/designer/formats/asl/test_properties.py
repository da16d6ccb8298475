"""Of any machine: each state is told once, what is told is in the draft, nothing is lost without a word."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from designer.document.document import storage_problem
from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression, expressions_in
from designer.formats.asl.importing import every_step
from tests.unit.designer.formats.asl.helpers import graphs, imported
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
def test_every_expression_of_a_draft_can_be_read(machine: Any) -> None:
    draft, _ = imported(machine)
    for graph in graphs(draft):
        own = [{key: part for key, part in step.items() if key != "body"} for step in graph["steps"]]
        sources = [source for _, source in expressions_in(own, "")]
        sources += [edge["when"] for edge in graph["edges"] if "when" in edge]
        sources += [step["items"] for step in own if "items" in step]
        sources += [step["until"] for step in own if step.get("kind") == "loop"]
        for source in sources:
            try:
                compile_expression(source)
            except ExpressionError as error:
                assert "there is no function" in str(error), source
