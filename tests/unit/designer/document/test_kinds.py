"""The table of step kinds, and those who must have something for each of its rows."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any, get_args

import pytest

from designer.builder import WorkflowBuilder
from designer.document.document import FIELD_OF, dump_step, parse, parse_step
from designer.document.kinds import (
    DEFAULT_KIND,
    KINDS,
    Kind,
)
from designer.document.steps import Step, slot_of
from designer.document.wording import wording_parts, words_in_run
from designer.formats.python_source import to_python
from runs.machine.steps.ready import RULES

SAMPLES = {
    "max_turns": 3,
    "body": {"steps": []},
    "worker": "pack",
    "items": "context.items",
    "workflow": "pay",
    "seconds": 60,
}


def step(kind: str, **more: Any) -> Step:
    """A step with what its kind requires, and no more."""
    row = KINDS[kind]
    needed = [field for field in (*row.required, *row.one_of[:1]) if field != "name"]
    return parse_step(
        {
            "name": "a",
            "kind": kind,
            **{field: SAMPLES.get(field, row.start.get(field)) for field in needed},
            **more,
        }
    )


def test_every_kind_has_a_row() -> None:
    assert tuple(KINDS) == get_args(Kind)
    assert DEFAULT_KIND in KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_rules_a_method_and_fields_of_a_step(kind: Kind) -> None:
    row = KINDS[kind]
    assert callable(RULES[kind].begin)
    parameters = list(inspect.signature(getattr(WorkflowBuilder, row.method)).parameters)
    leading = list(row.leading or row.required)
    assert parameters[1 : len(leading) + 1] == leading
    assert {FIELD_OF.get(key, key) for key in row.readers} <= {field.name for field in fields(Step)}
    assert {*row.required, *row.one_of, *row.evaluated, *row.start} <= row.readers.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_a_kind_is_read_and_written_in_python_as_its_row_says(kind: Kind) -> None:
    document = dump_step(step(kind))
    assert parse_step(document) == step(kind)
    graph, _ = parse({"schema": 1, "name": "main", "steps": [document]})
    assert graph is not None
    module: dict[str, Any] = {}
    source = to_python(graph)
    exec(source, module)
    assert f".{KINDS[kind].method}(" in source
    assert module["create_main"]() == graph


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_put_on_the_canvas_has_no_field_that_its_kind_lacks(kind: Kind) -> None:
    put = {"name": "a", "kind": kind, **KINDS[kind].start}
    _, problems = parse({"schema": 1, "name": "main", "steps": [put]})
    assert "unknown_field" not in {problem.code for problem in problems}


@pytest.mark.parametrize(
    ("kind", "slot", "words"),
    [
        ("task", "unstated", "pack"),
        ("map", "unstated", "map of pack"),
        ("workflow", "action", "runs pay"),
        ("wait", "none", "wait"),
        ("approval", "none", "approval"),
    ],
)
def test_the_undo_slot_and_the_words_of_a_step_that_states_nothing(kind: str, slot: str, words: str) -> None:
    assert (slot_of(step(kind)), words_in_run(step(kind))) == (slot, words)


def test_what_a_step_states_of_its_undo_wins() -> None:
    assert slot_of(step("workflow", compensation="irreversible")) == "irreversible"
    assert slot_of(step("task", compensation={"worker": "unpack"})) == "action"


def test_a_worker_that_the_step_is_named_after_is_not_said_again() -> None:
    assert words_in_run(step("task", worker="a")) == ""


@pytest.mark.parametrize(
    ("stated", "parts"),
    [
        ({"seconds": 0}, [("waits ", "seconds", 0), (" s", "", None)]),
        ({"until": "=context.at"}, [("waits until ", "until", "=context.at")]),
        ({"signal": "go"}, [("waits for the signal ", "signal", "go")]),
        ({"any_of": [{}]}, [("waits for the first of several", "", None)]),
    ],
)
def test_a_wording_says_what_is_stated(stated: dict[str, Any], parts: list[Any]) -> None:
    assert wording_parts(KINDS["wait"].in_version, stated) == parts
