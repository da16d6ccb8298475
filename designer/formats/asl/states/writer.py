"""Writes the steps of one state, one behind the other, and tells the report. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from designer.document.limits import TEXT_LENGTH_MAX, TITLE_LENGTH_MAX
from designer.expressions.scanner import LENGTH_MAX
from designer.formats.asl.expressions.cel import NOW, Cel, Value, as_cel, literal, operation, written
from designer.formats.asl.expressions.paths import placed, reference_keys
from designer.formats.asl.expressions.scope import Scope
from designer.formats.asl.expressions.templates import dynamic, jsonata, template
from designer.formats.asl.machine import State, targets
from designer.formats.asl.names import Names, snake
from designer.formats.asl.report import Entry, Report
from designer.formats.asl.states.data import DATA
from designer.formats.asl.states.pieces import EdgeDocument, Piece, StepDocument, Transition

EXPRESSION_LENGTH = LENGTH_MAX // 2
"""A longer value that has to be merged is set by a step of its own."""


@dataclass
class Drafting:
    """What the levels of one machine share. `workflows` are the names of workflows that exist."""

    report: Report
    workflows: frozenset[str] = frozenset()
    names: Names = field(default_factory=Names)
    stands_for: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)
    calls: dict[str, StepDocument] = field(default_factory=dict)
    """The steps that do the work of Tasks, by the paths of their states."""


@dataclass(frozen=True)
class Level:
    """One graph: the machine's own, or that of a body. `machine` are the facts of the context object."""

    drafting: Drafting
    is_flat: bool
    is_body: bool
    machine: Mapping[str, Value]

    @property
    def whole(self) -> Cel:
        return Cel("context") if self.is_flat else Cel(f"context.{DATA}")


class Writer:
    """The steps of a state so far; `last` is the one that the next step follows."""

    def __init__(self, level: Level, state: State, siblings: Mapping[str, State], data: Cel) -> None:
        self.level, self.state, self.siblings = level, state, siblings
        self.entry = Entry(state.path, state.type)
        level.drafting.report.entries.append(self.entry)
        self.piece = Piece()
        self.last: str | None = None
        self.data = data
        self.main = level.drafting.names.new(state.name)
        machine = {
            **level.machine,
            "State.Name": literal(state.name),
            "State.EnteredTime": NOW,
            "State.RetryCount": literal(0),
            "Task.Token": operation("run.id"),
        }
        self.scope = Scope(data, machine, {"input": data}, self.entry.say, self.evaluate_elsewhere)

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.state.fields

    def input(self) -> Value:
        """The effective input: what InputPath leaves of the data."""
        if self.state.is_jsonata or "InputPath" not in self.fields:
            return self.data
        return dynamic(self.fields["InputPath"], self.scope)

    def value(self, given: Any, scope: Scope) -> Value:
        """The value of a template in the language of the state."""
        return jsonata(given, scope) if self.state.is_jsonata else template(given, scope)

    def add(self, step: Mapping[str, Any], name: str | None = None) -> StepDocument:
        """Adds a step behind the last one. The step that does the state's work has the state's name and
        title.
        """
        is_main = name is None
        made: StepDocument = {"name": self.main if name is None else self.new_name(name)}
        if is_main:
            made["title"] = self.state.name[:TITLE_LENGTH_MAX]
            if isinstance(comment := self.fields.get("Comment"), str) and comment:
                made["notes"] = comment[:TEXT_LENGTH_MAX]
        return self._follow({**made, **step})

    def _follow(self, step: StepDocument) -> StepDocument:
        self.piece.steps.append(step)
        self.entry.steps.append(step["name"])
        if self.last is None:
            self.piece.first = step["name"]
        else:
            self.piece.edges.append(edge(self.last, step["name"]))
        self.last = step["name"]
        return step

    def new_name(self, ending: str) -> str:
        return self.level.drafting.names.new(f"{self.main[:40]}_{ending}")

    def evaluate_elsewhere(self, worker: str, source: str, data: str) -> Cel:
        """A step whose worker evaluates what no expression can say; returns where its answer is."""
        key = self.new_name("value")
        params = {"expression": escaped(source), "data": f"={data}"}
        self._follow(
            {"name": key, "worker": worker, "params": params, "compensation": "none", "output_key": key}
        )
        return Cel(f"context.{key}.value")

    def lead(self, target: str | None, **rules: Any) -> None:
        """A way from the last step to another state; none where the machine ends."""
        if target is not None and self.last is not None:
            self.piece.transitions.append(Transition(self.last, target, rules))

    def go_on(self) -> None:
        self.lead(self.fields.get("Next"))

    def finish(self, step: StepDocument | None, raw: Cel | None, result: Value) -> None:
        """Puts the result of the state's work where ResultSelector, ResultPath and OutputPath say.

        `raw` is where the output of `step` will be under its own key, `result` the same in the form that the
        state's expressions expect. Without a step the result is a value to set.
        """
        if self.state.is_jsonata:
            scope = replace(self.scope, states={**self.scope.states, "result": result})
            left = jsonata(self.fields["Output"], scope) if "Output" in self.fields else result
            self._put(step, raw, DATA, left, self._assigned(scope))
            return
        selector = self.fields.get("ResultSelector")
        selected = result if selector is None else template(selector, self.scope.on(result))
        path = self.fields.get("ResultPath", "$")
        keys = [] if path is None else reference_keys(path)
        if keys is None:
            self.entry.say(f"the ResultPath {path} is no plain path: the result replaces the data")
            keys = []
        if not self.level.is_flat:
            left = self.data if path is None else self._merged(keys, selected, step, raw)
            if "OutputPath" in self.fields:
                left = dynamic(self.fields["OutputPath"], self.scope.on(left))
            self._put(step, raw, DATA, left, self._assigned(self.scope.on(result)))
        elif keys:
            self._put(step, raw, keys[0], selected, {})
        elif step is not None and path is None:
            step["output_key"] = _key_of(raw)

    def _merged(self, keys: list[str], selected: Value, step: StepDocument | None, raw: Cel | None) -> Value:
        if keys and isinstance(selected, dict | list) and len(str(as_cel(selected))) > EXPRESSION_LENGTH:
            part = self.new_name("part")
            self.set({part: selected}, "part")
            selected = Cel(f"context.{part}")
        return placed(self.data, keys, selected)

    def _put(
        self, step: StepDocument | None, raw: Cel | None, key: str, left: Value, values: dict[str, Value]
    ) -> None:
        """Leaves a value under a key of the context: as the step's own output, or by a step that sets it."""
        if step is not None and left == raw and not values:
            step["output_key"] = key
            return
        if step is not None:
            step["output_key"] = _key_of(raw)
        is_same = key == DATA and left == self.data
        if values or not is_same:
            self.set(values if is_same else {**values, key: left}, None if step is None else "result")

    def _assigned(self, scope: Scope) -> dict[str, Value]:
        return self.assigned(self.fields, scope)

    def assigned(self, fields: Mapping[str, Any], scope: Scope) -> dict[str, Value]:
        """The variables that a state or a rule assigns, by their keys of the context."""
        given = fields.get("Assign")
        if not isinstance(given, Mapping):
            return {}
        return {variable_key(name): part for name, part in self.value(given, scope).items()}

    def values_of_rule(self, rule: Mapping[str, Any], error: Value = None) -> dict[str, Value]:
        """What a rule of a Choice or a Catch sets on its way: its variables, and its Output as data."""
        scope = self.scope
        if error is not None:
            scope = replace(scope.on(error), states={**scope.states, "errorOutput": error})
        values = self.assigned(rule, scope)
        if self.state.is_jsonata and ("Output" in rule or error is not None):
            values[DATA] = jsonata(rule["Output"], scope) if "Output" in rule else error
        return values

    def aside(self, values: Mapping[str, Value], ending: str) -> str:
        """A step that sets values and that no step leads to yet."""
        first, last, self.last = self.piece.first, self.last, None
        name = str(self.set(values, ending)["name"])
        self.piece.first, self.last = first, last
        return name

    def stand_in(self, why: str) -> None:
        """A step that fails with the reason where a state is not possible; the ways on stay as they were."""
        self.piece, self.last, self.entry.steps = Piece(), None, []
        self.add({"kind": "fail", "code": "not_imported", "message": f"{self.state.name}: {why}"})
        for key, target in targets(self.state):
            rules = {"on": "failed"} if key.startswith("Catch") else {}
            self.piece.transitions.append(Transition(self.main, str(target), rules))

    def set(self, values: Mapping[str, Value], name: str | None) -> StepDocument:
        return self.add(
            {"kind": "set", "values": {key: written(value) for key, value in values.items()}}, name
        )

    def leave(self, left: Value) -> None:
        """For states without a result: sets what they leave as data, if that is not what they found."""
        if not self.state.is_jsonata and "OutputPath" in self.fields:
            left = dynamic(self.fields["OutputPath"], self.scope.on(left))
        if self.state.is_jsonata and "Output" in self.fields:
            left = jsonata(self.fields["Output"], self.scope)
        values = self._assigned(self.scope)
        if values or left != self.data:
            self.set({**values, DATA: left} if left != self.data else values, "result" if self.last else None)


def _key_of(raw: Cel | None) -> str:
    return str(raw).removeprefix("context.")


def variable_key(name: str) -> str:
    """The key of the context for a variable that Assign sets."""
    key = snake(name, "variable") if not name.isidentifier() else name
    return f"variable_{key}" if key == DATA else key


def escaped(source: str) -> str:
    return f"={source}" if source.startswith("=") else source


def edge(source: str, target: str, **rules: Any) -> EdgeDocument:
    return {"from": source, "to": target, **rules}
