"""A graph in which what depends on data is chosen instead. PURE.

Conditions, guards, items and the ends of loops read `input.choices`; params, messages and whatever else only
a worker or a person reads is left out. What the rules look at stays: kinds, edges, undo slots, `on_failure`,
pivots, error edges, timeouts. Attempts beyond the second differ from it by their number alone, so policies
grant two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from designer.document.calls import Action, Retries, Retry, policies
from designer.document.graph import Edge, Graph, Step
from designer.document.waits import Part
from designer.expressions.expressions import is_expression
from runs.explorer.choices import Option, Reading
from runs.explorer.feasibility import Feasible, is_known

ATTEMPTS_MAX = 2
TURNS_MAX = 2
ITEMS_USUAL = 2
WAIT_S = 60.0
EXHAUSTED = "exhausted"

T = TypeVar("T")


@dataclass(frozen=True)
class Abstraction:
    """`graph`: what the rules are given for `original`. `readings`: what its paths stand for."""

    original: Graph
    graph: Graph
    readings: dict[str, Reading]

    @cached_property
    def loops(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.graph.steps if step.repeats)

    def with_turns(self, graph: Graph, name: str, option: Option) -> Graph:
        """Returns `graph` with a loop that ends as chosen: after so many turns, or by using all up."""
        loop = graph.by_name[name]
        chosen = replace(loop, while_=None, until=None)
        if option == EXHAUSTED:
            chosen = replace(chosen, max_turns=min(TURNS_MAX, loop.max_turns or 1))
        elif option == 0:
            chosen = replace(chosen, while_="false")
        else:
            chosen = replace(chosen, max_turns=int(option or 1), on_exhausted="continue")
        steps = [chosen if step.name == name else step for step in graph.steps]
        return graph.with_steps(steps, graph.edges)


def abstract(graph: Graph, feasible: Feasible) -> Abstraction:
    """Returns the abstraction of one graph; those of its bodies are made when they are entered."""
    readings: dict[str, Reading] = {}
    edges = {id(edge): edge for edge in graph.edges}
    for step in graph.steps:
        for edge, abstracted in _edges_of(graph, step, feasible, readings):
            edges[id(edge)] = abstracted
    steps = [_step(step, feasible, readings) for step in graph.steps]
    plain = replace(
        graph, concurrency=None, rate=None, debounce=None, input_schema=None, variables=frozenset()
    )
    return Abstraction(graph, plain.with_steps(steps, edges.values()), readings)


def turns_of(name: str) -> str:
    """Returns the name of the choice of how a loop ends."""
    return f"{name}|turns"


def _edges_of(
    graph: Graph, step: Step, feasible: Feasible, readings: dict[str, Reading]
) -> Iterator[tuple[Edge, Edge]]:
    """Yields the conditional edges of a step, each with its abstraction."""
    choices = [edge for edge in graph.outgoing[step.name] if edge.is_choice]
    if not all(edge.when is None or is_known(edge.when) for edge in choices):
        ways = feasible.ways(choices)
        for place, edge in enumerate(choices):
            if edge.when is not None:
                reading = Reading(f"{step.name}|way", ways, partial(_is, place))
                yield edge, replace(edge, when=_read(readings, f"way_{place}_{step.name}", reading))
    errors = [edge for edge in graph.outgoing[step.name] if edge.is_error and edge.when is not None]
    for place, edge in enumerate(errors):
        reading = Reading(f"{step.name}|catch {place}", {True: None, False: None}, _itself)
        yield edge, replace(edge, when=_read(readings, f"catch_{place}_{step.name}", reading))


def _step(step: Step, feasible: Feasible, readings: dict[str, Reading]) -> Step:
    name = step.name
    changes: dict[str, Any] = {
        "params": {},
        "message": "",
        "assignees": None,
        "form": None,
        "comment_required": False,
        "remind_after": None,
        "match": None,
        "limit": None,
        "values": None if step.values is None else {},
        "input": {},
        "retry": _retries(step.retry),
        "compensation": _action(step.compensation),
        "verify": _action(step.verify),
        "fallback": _action(step.fallback),
        "any_of": None if step.any_of is None else tuple(_part(part) for part in step.any_of),
    }
    if step.when is not None and not is_known(step.when):
        reading = Reading(f"{name}|guard", feasible.truths(step.when), _itself)
        changes["when"] = _read(readings, f"guard_{name}", reading)
    if step.items is not None:
        counts: dict[Option, None] = dict.fromkeys((max(ITEMS_USUAL, step.needed or 0), 1, 0))
        reading = Reading(f"{name}|items", counts, partial(_items, step.batch_size))
        changes["items"] = _read(readings, f"items_{name}", reading)
    if step.kind == "wait":
        changes |= _plain_time(step)
    if step.repeats:
        reading = Reading(turns_of(name), dict.fromkeys(_turns(step)), _itself)
        changes |= {"until": None, "while_": _read(readings, f"turns_{name}", reading)}
        changes["delay"] = None if step.delay is None else WAIT_S
    return replace(step, **changes)


def _read(readings: dict[str, Reading], key: str, reading: Reading) -> str:
    readings[key] = reading
    return f"input.choices.{key}"


def _is(place: int, option: Option) -> bool:
    return option == place and not isinstance(option, bool)


def _itself(option: Option) -> Option:
    return option


def _items(batch_size: int, option: Option) -> list[int]:
    return list(range(int(option or 0) * batch_size))


def _turns(step: Step) -> tuple[Option, ...]:
    """Returns the ends of a loop: in time, after so many turns, or by using all of them up."""
    most = step.max_turns or 1
    ends_early = step.until is not None or step.while_ is not None
    counts = [count for count in (TURNS_MAX, 1) if count <= most] if ends_early else []
    none = [0] if step.while_ is not None else []
    return (*counts, *none, EXHAUSTED)


def _plain_time(step: Step) -> dict[str, Any]:
    """Returns a wait whose time depends on data as one of `WAIT_S` seconds."""
    depends = step.until is not None or is_expression(step.seconds)
    return {"seconds": WAIT_S, "until": None} if depends else {}


def _part(part: Part) -> Part:
    plain: Any = {key: value for key, value in part.items() if key not in ("match", "until")}
    if part.get("until") is not None or is_expression(part.get("timeout")):
        plain["timeout"] = WAIT_S
    made: Part = plain
    return made


def _action(slot: T) -> T | Action:
    return (
        replace(slot, params={}, limit=None, retry=_retries(slot.retry)) if isinstance(slot, Action) else slot
    )


def _retries(retry: Retries | None) -> Retries | None:
    if retry is None:
        return None
    bounded = tuple(_bounded(policy) for policy in policies(retry))
    return bounded if isinstance(retry, tuple) else bounded[0]


def _bounded(policy: Retry) -> Retry:
    return replace(
        policy, max_attempts=min(policy.max_attempts, ATTEMPTS_MAX), asks_max=min(policy.asks_max, 1)
    )
