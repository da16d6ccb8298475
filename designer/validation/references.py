"""Validation of expressions: whether they compile, and whether all that they refer to is known at their
place.

PURE. A step sees the outputs of its ancestors, an edge also that of its source. A compensation runs after a
failure and sees those of all steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from designer.document.graph import Action, Edge, Graph, Step
from designer.errors import ExpressionError, UnknownVariable
from designer.expressions.expressions import (
    Expression,
    bare,
    check_texts,
    compile_expression,
    expressions_in,
)
from designer.expressions.scanner import output_keys_needed, scan
from designer.problems import Problems, join, suggestion

BASE = frozenset({"context", "input", "steps", "outcomes", "run"})
OF_TURN = frozenset({"turn", "output", "previous"})
EVENT = frozenset({"event"})
INPUT = frozenset({"input"})
UNDO = frozenset({"output", "failure"})
_UNDO = re.compile(r"steps\[(\d+)\]\.compensation\.params")


@dataclass(frozen=True, slots=True)
class Place:
    """An expression of a graph. It sees the outputs of the ancestors of the step `after`; None: of all steps.

    With `includes_own` it also sees that of `after` itself.
    """

    path: str
    source: str
    variables: frozenset[str]
    after: str | None = None
    includes_own: bool = False


def check_expressions(graph: Graph, problems: Problems) -> None:
    """Reports `bad_expression`, `unknown_variable` and `unknown_reference`.

    Where a value may be missing it warns: `not_the_outcome` and `undo_needs_output`.
    """
    order = Order(graph)
    for place in places(graph):
        try:
            expression = compile_expression(place.source)
            check_texts(place.source)
        except ExpressionError as error:
            code = "unknown_variable" if isinstance(error, UnknownVariable) else "bad_expression"
            problems.error(code, place.path, str(error))
            continue
        for name in sorted(expression.variables - place.variables):
            known = ", ".join(sorted(place.variables))
            problems.error("unknown_variable", place.path, f"'{name}' does not exist here; there are {known}")
        _check_steps(place, expression, order, problems)
        _check_outcomes(place, expression, order, problems)
        _check_undo(place, expression, graph, problems)


def places(graph: Graph) -> Iterator[Place]:
    """Every expression of a graph, in the order of the document."""
    base = BASE | graph.variables
    flows = {"concurrency": graph.concurrency, "rate": graph.rate, "debounce": graph.debounce}
    for name, flow in flows.items():
        if flow is not None and flow.key is not None:
            yield Place(f"{name}.key", bare(flow.key), INPUT)
    for index, step in enumerate(graph.steps):
        yield from _places_of_step(step, join("steps", index), base)
    for index, edge in enumerate(graph.edges):
        if edge.when is not None:
            path = join(join("edges", index), "when")
            yield Place(path, edge.when, base, edge.source, includes_own=True)


def _places_of_step(step: Step, path: str, base: frozenset[str]) -> Iterator[Place]:
    variables = base | step.variables
    if step.when is not None:
        yield Place(join(path, "when"), step.when, base, step.name)
    if step.items is not None:
        yield Place(join(path, "items"), bare(step.items), base, step.name)
    if step.repeats:
        yield from _places_of_loop(step, path, base)
    for field in step.traits.evaluated:
        seen = variables if field in ("input", "params") else base
        yield from _places_in(getattr(step, field), join(path, field), seen, step.name)
    yield from _places_of_wait(step, path, base)
    if "params" not in step.traits.evaluated:
        yield from _places_in(step.params, join(path, "params"), variables, step.name)
    for field, action in (("verify", step.verify), ("fallback", step.fallback)):
        if action is not None:
            yield from _places_in(action.params, f"{path}.{field}.params", variables, step.name)
    if isinstance(step.compensation, Action):
        yield from _places_in(step.compensation.params, f"{path}.compensation.params", variables | UNDO, None)


def _places_of_loop(step: Step, path: str, base: frozenset[str]) -> Iterator[Place]:
    for field, source in (("until", step.until), ("while", step.while_)):
        if source is not None:
            yield Place(join(path, field), bare(source), base | OF_TURN, step.name)
    yield from _places_in(step.delay, join(path, "delay"), base | OF_TURN, step.name)


def _places_of_wait(step: Step, path: str, base: frozenset[str]) -> Iterator[Place]:
    """The conditions on events, and the times of a wait for the first of several."""
    if step.match is not None:
        yield Place(join(path, "match"), bare(step.match), base | EVENT, step.name)
    for index, part in enumerate(step.any_of or ()):
        place = join(join(path, "any_of"), index)
        if part.get("match") is not None:
            yield Place(join(place, "match"), bare(part["match"]), base | EVENT, step.name)
        times = {key: value for key, value in part.items() if key in ("timeout", "until")}
        yield from _places_in(times, place, base, step.name)


def variables_of(step: Step) -> frozenset[str]:
    """The variables that the params of a step may read."""
    return BASE | step.variables


def _places_in(value: Any, path: str, variables: frozenset[str], after: str | None) -> Iterator[Place]:
    if value:
        for place, source in expressions_in(value, path):
            yield Place(place, source, variables, after)


def _check_steps(place: Place, expression: Expression, order: Order, problems: Problems) -> None:
    for name in sorted(expression.step_names):
        if name not in order.number:
            message = f"there is no step '{name}'{suggestion(name, order.number)}"
            problems.error("unknown_reference", place.path, message)
        elif place.after and not order.is_known(name, place.after, place.includes_own):
            message = f"step '{name}' does not come before '{place.after}', so its output is not known here"
            problems.error("unknown_reference", place.path, message)


def _check_outcomes(place: Place, expression: Expression, order: Order, problems: Problems) -> None:
    """Warns where a condition asks for the output of a step that may have failed."""
    if not place.path.endswith(".when"):
        return
    asked = expression.code.keys.get("outcomes") or frozenset()
    for name in sorted((expression.code.keys.get("steps") or frozenset()) - asked):
        if order.may_have_failed(name, place.after or ""):
            message = (
                f"'{name}' may have failed before, and then has no such output: the condition is false. "
                f'To ask whether it worked, write outcomes.{name}.status == "completed"'
            )
            problems.warn("not_the_outcome", place.path, message)


def _check_undo(place: Place, expression: Expression, graph: Graph, problems: Problems) -> None:
    """Warns where an undo needs an output that nobody knows after a timeout or a lost worker."""
    match = _UNDO.match(place.path)
    step = graph.steps[int(match[1])] if match else None
    if step is None or step.verify is not None or not step.calls_worker:
        return
    needed = sorted(output_keys_needed(scan(expression.source), step.name))
    if needed:
        message = (
            f"after a timeout or a lost worker nobody knows {', '.join(needed)}, and a person has to "
            "supply it: name a worker in `verify` that finds it out, or let the params do without"
        )
        problems.warn("undo_needs_output", place.path, message)


def sound_edges(graph: Graph) -> tuple[Edge, ...]:
    """The edges between two different existing steps."""
    known = graph.by_name
    return tuple(
        edge
        for edge in graph.edges
        if edge.source != edge.target and edge.source in known and edge.target in known
    )


class Order:
    """The ancestors of each step, as bit sets: an integer for each step instead of a set of names."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph.with_steps(graph.by_name.values(), sound_edges(graph))
        self.number = {name: place for place, name in enumerate(self.graph.by_name)}

    def is_known(self, name: str, at: str, includes_own: bool) -> bool:
        """Whether the output of `name` is known at the step `at`.

        True on a cycle, which is reported by itself and would only cause further problems here.
        """
        before = self.before.get(at)
        own = includes_own and name == at
        return own or before is None or bool(before >> self.number[name] & 1)

    def may_have_failed(self, name: str, at: str) -> bool:
        """Whether the run goes on to the step `at` although `name` has failed: passed over, or caught."""
        step = self.graph.by_name.get(name)
        if step is None:
            return False
        if (step.on_failure or self.graph.defaults.on_failure) == "continue":
            return True
        caught = [edge.target for edge in self.graph.outgoing[name] if edge.is_error]
        return any(target == at or self.is_known(target, at, False) for target in caught)

    @cached_property
    def before(self) -> dict[str, int]:
        """The ancestors of each step; bit n is the step with `number` n. Steps on a cycle have no entry."""
        before: dict[str, int] = {}
        for name in self.graph.position:
            before[name] = 0
            for edge in self.graph.incoming[name]:
                before[name] |= before[edge.source] | 1 << self.number[edge.source]
        return before
