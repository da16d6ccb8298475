"""What a step reads of others by name, and whether that is there on the way taken. PURE.

`steps.pay.amount` is missing where `pay` did not run, and `{}` stands for a step that ended without an output
(R3.8). An expression that asks first, with `has(…)` or by how the step ended, is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from config.lib.caches import memoized
from designer.document.graph import Step
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, compile_expression, expressions_in
from runs.explorer.world import Member
from runs.machine.states import StepStatus

ASKS_FIRST = re.compile(r"\bhas\s*\(|\boutcomes\b|\?|\bin steps\b|\.orValue\s*\(")
FIELDS = ("params", "input", "values", "items", "message", "assignees", "seconds", "until", "delay")


def missing_reads(member: Member, name: str, *, at_end: bool) -> Iterator[tuple[str, str]]:
    """Yields what a step reads of steps that gave nothing, each with the reason.

    `at_end`: what its edges read when it has ended, not what the step reads as it begins.
    """
    edges = member.abstraction.original.outgoing.get(name, ())
    sources = (edge.when for edge in edges if edge.when and not edge.is_error)
    found = [pair for source in sources for pair in _names(bare(source))] if at_end else None
    for other, source in reads_of(member.definition(name)) if found is None else found:
        if other not in member.graph.by_name:
            continue
        state = member.state.step(other)
        if state.status == StepStatus.COMPLETED:
            continue
        shown = f"steps.{other} in `{source}`"
        if state.status == StepStatus.SKIPPED:
            yield shown, f"and {other} is skipped on this way"
        elif state.status == StepStatus.FAILED and state.output_seq is None:
            yield shown, f"and {other} has failed without an output on this way"
        elif state.status in (StepStatus.PENDING, StepStatus.CANCELLED):
            yield shown, f"and {other} has not run on this way"


def reads_of(step: Step) -> tuple[tuple[str, str], ...]:
    """Returns the steps that a step's expressions read an output of, each with the expression."""
    return tuple(pair for source in _sources(step) for pair in _names(source))


def _sources(step: Step) -> Iterator[str]:
    for field in FIELDS:
        value: Any = getattr(step, field)
        if field == "items" and isinstance(value, str):
            yield bare(value)
        elif value is not None:
            yield from (source for _, source in expressions_in(value, field))
    if step.when is not None:
        yield bare(step.when)


@memoized(maxsize=4_096)
def _names(source: str) -> tuple[tuple[str, str], ...]:
    if ASKS_FIRST.search(source):
        return ()
    try:
        code = compile_expression(source).code
    except ExpressionError:
        return ()
    return tuple((name, source) for name in sorted(code.keys.get("steps") or ()))
