"""Plays a draft with given answers of its workers: the documented meaning of steps and edges, in a few
lines.

It knows nothing of undo, time or workers, and so shows that the draft of a machine takes the ways that the
machine would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from designer.document.calls import matches_any
from designer.expressions.expressions import bare, compile_expression, condition, resolve

TURNS_MAX = 4
AT = datetime(2030, 1, 1, tzinfo=UTC)
Worker = Callable[[str, str, Mapping[str, Any]], Any]
"""What a worker answers, given its name, that of the step, and the context."""


class Failed(Exception):
    def __init__(self, message: str, *codes: str) -> None:
        super().__init__(message)
        self.codes = codes


@dataclass
class Play:
    worker: Worker
    visited: list[str] = field(default_factory=list)

    def run(self, graph: Mapping[str, Any], input: Mapping[str, Any]) -> dict[str, Any]:
        """The merged outputs of a graph. Raises Failed."""
        return _Run(self, graph, dict(input)).output()


@dataclass
class _Run:
    play: Play
    graph: Mapping[str, Any]
    input: dict[str, Any]
    merged: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[str, Any] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    decided: set[int] = field(default_factory=set)

    def output(self) -> dict[str, Any]:
        pending = [step["name"] for step in self.graph["steps"]]
        while ready := [name for name in pending if self._is_decided(name)]:
            for name in ready:
                pending.remove(name)
                self._begin(name)
        assert not pending
        return self.merged

    def _edges(self, key: str, name: str) -> list[tuple[int, dict[str, Any]]]:
        return [(place, edge) for place, edge in enumerate(self.graph["edges"]) if edge[key] == name]

    def _is_decided(self, name: str) -> bool:
        return all(place in self.decided for place, _ in self._edges("to", name))

    def _begin(self, name: str) -> None:
        incoming = self._edges("to", name)
        outgoing = self._edges("from", name)
        self.decided |= {place for place, _ in outgoing}
        if incoming and not any(place in self.taken for place, _ in incoming):
            return
        step = next(step for step in self.graph["steps"] if step["name"] == name)
        self.play.visited.append(name)
        try:
            output = self._act(step)
        except Failed as failure:
            self._fail(name, failure, outgoing)
            return
        self.steps[name] = output if isinstance(output, dict) else {}
        self.outcomes[name] = {"status": "completed", "error": None}
        if key := step.get("output_key"):
            self.merged[key] = output
        elif isinstance(output, dict):
            self.merged |= output
        elif output is not None:
            self.merged["result"] = output
        self._choose(name, outgoing)

    def _fail(self, name: str, failure: Failed, outgoing: list[tuple[int, dict[str, Any]]]) -> None:
        error = {"code": failure.codes[0], "message": str(failure), "attempts": 1}
        self.outcomes[name] = {"status": "failed", "error": error}
        for place, edge in outgoing:
            fits = "on" in edge and (not edge.get("errors") or matches_any(edge["errors"], failure.codes))
            if fits and (edge.get("when") is None or condition(edge["when"], self.scope())):
                self.taken.add(place)
                return
        raise failure

    def _choose(self, name: str, outgoing: list[tuple[int, dict[str, Any]]]) -> None:
        ways = [(place, edge) for place, edge in outgoing if "on" not in edge]
        plain = [place for place, edge in ways if "when" not in edge and "otherwise" not in edge]
        self.taken |= set(plain)
        for place, edge in ways:
            if "when" in edge and condition(edge["when"], self.scope()):
                self.taken.add(place)
                return
        others = [place for place, edge in ways if "otherwise" in edge]
        self.taken |= set(others)
        if ways and not plain and not others:
            raise Failed(f"{name} leads nowhere", "no_branch_matched")

    def scope(self, **more: Any) -> dict[str, Any]:
        run = {"id": "run-1", "workflow": "main"}
        context = {**self.input, **self.merged}
        return {
            "context": context,
            "input": self.input,
            "steps": self.steps,
            "outcomes": self.outcomes,
            "run": run,
            "now": AT,
            **more,
        }

    def _act(self, step: Mapping[str, Any]) -> Any:
        scope = self.scope()
        match step.get("kind", "task"):
            case "task":
                context = {**scope["context"], **resolve(step.get("params", {}), scope)}
                return self.play.worker(step["worker"], step["name"], context)
            case "set":
                return resolve(step["values"], scope)
            case "fail":
                raise Failed(str(resolve(step.get("message", ""), scope)), step["code"])
            case "wait":
                resolve({key: step.get(key) for key in ("seconds", "until")}, scope)
                return self.play.worker("", step["name"], {}) if "signal" in step else None
            case "group":
                inner = {**scope["context"], **resolve(step.get("input", {}), scope)}
                return self._inside(step, inner)
            case "map":
                return self._each(step, scope)
            case "loop":
                return self._turns(step, scope)
        raise AssertionError(f"no kind {step.get('kind')}")

    def _inside(self, step: Mapping[str, Any], context: Mapping[str, Any]) -> Any:
        try:
            return self.play.run(step["body"], context)
        except Failed as failure:
            raise Failed(str(failure), "child_failed", *failure.codes) from None

    def _each(self, step: Mapping[str, Any], scope: Mapping[str, Any]) -> list[Any]:
        items = compile_expression(bare(step["items"])).evaluate(scope)
        assert isinstance(items, list), f"{step['items']} gives {items!r}"
        size = step.get("batch_size", 1)
        parts = [{"batch": items[at : at + size]} for at in range(0, len(items), size)]
        if size == 1:
            parts = [{"item": item} for item in items]
        results: list[Any] = []
        for index, part in enumerate(parts):
            try:
                results.append(self._inside(step, {**scope["context"], **part, "index": index}))
            except Failed as failure:
                if not step.get("tolerate"):
                    raise Failed(str(failure), "items_failed") from None
                results.append({"error": {"code": failure.codes[0]}})
        return results

    def _turns(self, step: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
        laid: dict[str, Any] = {}
        for turn in range(1, TURNS_MAX + 1):
            output = self._inside(step, {**scope["context"], **laid, "previous": laid, "turn": turn})
            laid |= output
            if condition(step["until"], {**scope, "turn": turn, "output": output}):
                return dict(output)
        raise Failed("too many turns", "turns_exhausted")
