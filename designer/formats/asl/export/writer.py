"""Steps → states, level by level. PURE.

A variable `$context` holds what a step reads as context, and each state merges what it got into it. A level
ends in a state that leaves `$context`, so that the state around it can merge it in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from designer.formats.asl.export.expressions import inner_of, marked, to_jsonata
from designer.formats.asl.expressions.scope import Untranslatable
from designer.formats.asl.report import Entry, Report

State = dict[str, Any]
StepDocument = Mapping[str, Any]


@dataclass
class Exporting:
    """What the levels of one machine share. `keeps_steps` and `keeps_outcomes`: whether
    outputs and outcomes are kept by step as well."""

    report: Report
    defaults: Mapping[str, Any]
    keeps_steps: bool
    keeps_outcomes: bool
    names: set[str] = field(default_factory=set)

    def name(self, wanted: str) -> str:
        name, number = wanted[:70], 2
        while name in self.names:
            name, number = f"{wanted[:70]} {number}", number + 1
        self.names.add(name)
        return name


class Part:
    """The states of one step, one behind the other. `entry` is its line in the report."""

    def __init__(self, exporting: Exporting, step: StepDocument, first: str) -> None:
        self.exporting, self.step = exporting, step
        self.entry = Entry(step["name"], step.get("kind", "task"))
        exporting.report.entries.append(self.entry)
        self.states: dict[str, State] = {}
        self.first, self.last = first, ""

    def add(self, state: State, ending: str = "") -> str:
        """Adds a state that the last one leads to."""
        wanted = f"{self.step['name']} {ending}".strip()
        name = self.exporting.name(wanted) if self.last else self.first
        if self.last:
            lead(self.states[self.last], name)
        self.states[name] = state
        self.entry.steps.append(name)
        self.last = name
        return name

    def aside(self, state: State, ending: str) -> str:
        """Adds a state that no other leads to yet."""
        name = self.exporting.name(f"{self.step['name']} {ending}")
        self.states[name] = state
        self.entry.steps.append(name)
        return name

    def expression(self, source: str) -> str:
        """The JSONata of an expression; one that fails where there is none, and a word in the report."""
        return self._translated(lambda: to_jsonata(source), source)

    def value(self, value: Any) -> str:
        """A JSON value with expressions as one JSONata expression."""
        return self._translated(lambda: inner_of(value), str(value))

    def _translated(self, translate: Callable[[], str], source: str) -> str:
        try:
            return translate()
        except Untranslatable as why:
            self.entry.refuse(f"`{source[:80]}` cannot be said in JSONata: {why}")
            return "$error('not translated')"

    def merging(self, result: str) -> dict[str, str]:
        """The variables once the step has given a result."""
        key = self.step.get("output_key")
        added = f"{{'{key}': {result}}}" if key else result
        assigned = {"context": marked(f"$merge([$context, {added}])")}
        if self.exporting.keeps_steps:
            assigned["steps"] = marked(f"$merge([$steps, {{'{self.step['name']}': {result}}}])")
        return assigned | self.outcome({"status": "'completed'"})

    def outcome(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The variable for how the step ended, if an expression reads such."""
        if not self.exporting.keeps_outcomes:
            return {}
        written = ", ".join(f"'{key}': {source}" for key, source in fields.items())
        return {"outcomes": marked(f"$merge([$outcomes, {{'{self.step['name']}': {{{written}}}}}])")}


def lead(state: State, target: str) -> None:
    """Lets a state lead on: a Choice by its first rule, others by Next."""
    if state["Type"] == "Choice":
        state["Choices"][0]["Next"] = target
    elif state["Type"] not in ("Fail", "Succeed"):
        state["Next"] = target
