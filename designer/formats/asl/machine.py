"""Reads the value of a state machine and says where it is no Amazon States Language. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from designer.errors import FormatError
from designer.problems import suggestion, truncate

Language = Literal["JSONPath", "JSONata"]
TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
DEPTH_MAX = 12
STATES_MAX = 400


@dataclass(frozen=True)
class State:
    """`path` names the state and those around it: `Process all/Get item`."""

    name: str
    path: str
    type: str
    fields: Mapping[str, Any]
    language: Language
    parts: tuple[Machine, ...] = ()

    @property
    def next(self) -> str | None:
        return self.fields.get("Next")

    @property
    def is_jsonata(self) -> bool:
        return self.language == "JSONata"


@dataclass(frozen=True)
class Machine:
    """A whole machine, a branch of a Parallel, or what a Map does with an item."""

    start: str
    states: Mapping[str, State]
    fields: Mapping[str, Any] = field(default_factory=dict)

    def every(self) -> Iterator[State]:
        for state in self.states.values():
            yield state
            for part in state.parts:
                yield from part.every()


def is_machine(value: object) -> bool:
    """Whether a JSON value looks like a state machine."""
    return isinstance(value, Mapping) and "States" in value and "StartAt" in value


def machine_of(value: object) -> Machine:
    """The machine of a JSON value. Raises FormatError, which names the place."""
    machine = _machine(value, "", "", "JSONPath", 0)
    if sum(1 for _ in machine.every()) > STATES_MAX:
        raise FormatError("too_many_states", f"a machine may have {STATES_MAX} states; split this one")
    return machine


def _machine(value: object, place: str, path: str, language: Language, depth: int) -> Machine:
    if depth > DEPTH_MAX:
        raise _bad(place, f"states are nested more than {DEPTH_MAX} deep")
    fields = _object(value, place, "a state machine")
    states = _object(fields.get("States"), _join(place, "States"), "the states by name")
    start = fields.get("StartAt")
    if not isinstance(start, str) or start not in states:
        hint = suggestion(start, states) if isinstance(start, str) else ""
        raise _bad(_join(place, "StartAt"), f"{truncate(start)} is not the name of a state{hint}")
    own = fields.get("QueryLanguage", language)
    read = {
        name: _state(name, state, _join(place, f"States.{name}"), path, own, depth)
        for name, state in states.items()
    }
    for name, state in read.items():
        _check_targets(state, read, _join(place, f"States.{name}"))
    others = {key: part for key, part in fields.items() if key not in ("StartAt", "States")}
    return Machine(start, read, others)


def _state(name: str, value: object, place: str, path: str, language: Language, depth: int) -> State:
    fields = _object(value, place, "a state")
    kind = fields.get("Type")
    if not isinstance(kind, str):
        raise _bad(_join(place, "Type"), f"the state needs a Type, one of {', '.join(TYPES)}")
    own = fields.get("QueryLanguage", language)
    if own not in ("JSONPath", "JSONata"):
        raise _bad(_join(place, "QueryLanguage"), f"{truncate(own)} is neither JSONPath nor JSONata")
    inner = f"{path}{name}"
    given = _parts_of(kind, fields, place)
    is_clear = _names_differ([part for _, part in given])
    parts = tuple(
        _machine(part, _join(place, key), f"{inner}/" if is_clear else f"{inner}/{number}/", own, depth + 1)
        for number, (key, part) in enumerate(given, 1)
    )
    return State(name, inner, kind, fields, own, parts)


def _parts_of(kind: str, fields: Mapping[str, Any], place: str) -> list[tuple[str, object]]:
    if kind == "Parallel":
        branches = fields.get("Branches")
        if not isinstance(branches, list) or not branches:
            raise _bad(_join(place, "Branches"), "a Parallel needs a list of branches")
        return [(f"Branches[{number}]", branch) for number, branch in enumerate(branches)]
    if kind == "Map":
        key = next((key for key in ("ItemProcessor", "Iterator") if key in fields), None)
        if key is None:
            raise _bad(_join(place, "ItemProcessor"), "a Map needs what it does with each item")
        return [(key, fields[key])]
    return []


def _names_differ(parts: list[object]) -> bool:
    """Whether no two parts of a state have states of the same name."""
    names = [
        name
        for part in parts
        if isinstance(part, Mapping) and isinstance(part.get("States"), Mapping)
        for name in part["States"]
    ]
    return len(names) == len(set(names))


def targets(state: State) -> Iterator[tuple[str, object]]:
    """The names of states that a state may lead to, with their places."""
    for key in ("Next", "Default"):
        if key in state.fields:
            yield key, state.fields[key]
    for group in ("Choices", "Catch"):
        rules = state.fields.get(group)
        for number, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, Mapping):
                yield f"{group}[{number}].Next", rule.get("Next")


def _check_targets(state: State, states: Mapping[str, State], place: str) -> None:
    for key, target in targets(state):
        if not isinstance(target, str) or target not in states:
            hint = suggestion(target, states) if isinstance(target, str) else ""
            raise _bad(_join(place, key), f"{truncate(target)} is not the name of a state{hint}")
    ends = state.type in ("Succeed", "Fail", "Choice") or state.next or state.fields.get("End") is True
    if state.type in TYPES and not ends:
        raise _bad(place, "the state has neither Next nor End: true")
    for group in ("Choices", "Catch", "Retry"):
        rules = state.fields.get(group, [])
        if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
            raise _bad(_join(place, group), "a list of objects is needed here")


def _object(value: object, place: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _bad(place, f"{what} is an object, not {truncate(value)}")
    return value


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _bad(place: str, message: str) -> FormatError:
    return FormatError("bad_machine", f"{place}: {message}" if place else message)
