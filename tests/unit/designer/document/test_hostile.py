"""Documents and files that are meant to do harm are refused fast and say why."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from designer.document.document import parse, parse_step
from designer.document.limits import DOCUMENT_BYTES_MAX
from designer.errors import DocumentRefused, FormatError
from designer.formats.formats import from_json, from_yaml
from designer.problems import PROBLEMS_MAX
from designer.validation.workflow import check_document
from tests.unit.designer.helpers import catalog, nothing_published

SECONDS_MAX = 2.0
BYTES_MAX = 60_000_000


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "worker": "read", **fields}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def cyclic() -> Any:
    value: dict[str, Any] = {}
    value["again"] = value
    return value


def doubling() -> Any:
    """60 levels that share their parts: 2**60 values for who walks them all."""
    value: Any = "x"
    for _ in range(60):
        value = [value, value]
    return value


def main(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"schema": 1, "name": "main", "steps": list(steps), **more}


@pytest.fixture
def bounded() -> Iterator[None]:
    """What a test may take."""
    tracemalloc.start()
    started = time.process_time()
    yield
    seconds, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < SECONDS_MAX * 5, "tracing costs up to five times"
    assert peak < BYTES_MAX


HOSTILE = {
    "100,000 steps": (lambda: main(*[task("a")] * 100_000), "too_many_steps"),
    "100,000 edges": (lambda: main(task("a"), edges=[{"from": "a", "to": "a"}] * 100_000), "too_many_edges"),
    "deep": (lambda: main(task("a", params={"x": nested(100_000)})), "too_deep"),
    "cyclic": (lambda: main(task("a", params={"x": cyclic()})), "too_deep"),
    "doubling": (lambda: main(task("a", params={"x": doubling()})), "too_large"),
    "a huge text": (lambda: main(task("a", notes="x" * (DOCUMENT_BYTES_MAX + 1))), "too_large"),
    "a huge key": (lambda: main(task("a"), **{"x" * (DOCUMENT_BYTES_MAX + 1): 1}), "too_large"),
    "a huge list": (lambda: main(task("a", params={"x": [0] * 1_000_000})), "too_large"),
    "a number of a million digits": (lambda: main(task("a", params={"x": 10**4_000})), "bad_value"),
}


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("name", HOSTILE)
def test_documents(name: str) -> None:
    make, code = HOSTILE[name]
    graph, problems = parse(make())
    assert graph is None
    assert [problem.code for problem in problems] == [code]
    assert len(problems[0].message) < 300


@pytest.mark.rule("R1.4")
def test_limits_are_named() -> None:
    _, problems = parse(main(*[task("a")] * 1_001))
    assert problems[0].message == "a workflow may have 1,000 steps; this one has 1,001"
    assert parse(main(*[task(f"a{n}") for n in range(1_000)]))[0] is not None
    _, problems = parse({"schema": 1, "name": "x" * 5_000_001})
    assert "5,000,000 bytes" in problems[0].message


@pytest.mark.usefixtures("bounded")
def test_no_more_problems_are_told_than_anybody_reads() -> None:
    found = check_document(
        main(*[task("a", **{f"x{n}": 1}) for n in range(1_000)]), catalog(), nothing_published
    )
    assert len(found) <= 2 * PROBLEMS_MAX


@pytest.mark.usefixtures("bounded")
def test_unknown_fields_with_long_names_cost_little() -> None:
    found = parse(main(task("a"), **{"x" * 100_000 + str(n): 1 for n in range(40)}))[1]
    assert all(len(problem.path) < 200 and len(problem.message) < 300 for problem in found)


@pytest.mark.usefixtures("bounded")
def test_a_dense_graph_with_cycles() -> None:
    names = [f"s{n}" for n in range(140)]
    edges = [{"from": a, "to": b} for a in names for b in names if a != b]
    found = check_document(main(*map(task, names), edges=edges), catalog(), nothing_published)
    assert {problem.code for problem in found} == {"cycle"}


@pytest.mark.usefixtures("bounded")
def test_schemas_whose_references_multiply() -> None:
    definitions: dict[str, Any] = {"d0": {"type": "string"}}
    for n in range(60):
        definitions[f"d{n + 1}"] = {"allOf": [{"$ref": f"#/$defs/d{n}"}] * 2}
    schema = {"$ref": "#/$defs/d60", "$defs": definitions}
    found = check_document(main(task("a"), input_schema=schema), catalog(), nothing_published)
    assert [problem.code for problem in found] == ["bad_input_schema"]


TEXTS = {
    "deep JSON": (from_json, "[" * 200_000, "too_deep"),
    "JSON with a key twice": (from_json, '{"a": {"b": 1, "b": 2}}', "duplicate_key"),
    "JSON that is none": (from_json, "{]", "not_json"),
    "JSON with NaN": (from_json, "[NaN]", "bad_number"),
    "JSON with a huge number": (from_json, "9" * 100_000, "bad_number"),
    "huge JSON": (from_json, '"' + "x" * DOCUMENT_BYTES_MAX + '"', "too_large"),
    "deep YAML": (from_yaml, "[" * 200_000, "too_deep"),
    "deep block YAML": (from_yaml, "- " * 200_000, "too_deep"),
    "YAML with aliases": (from_yaml, "a: &a [x]\nb: [*a, *a]", "yaml_alias"),
    "YAML with a tag": (from_yaml, "a: !!python/object/apply:os.getcwd []", "yaml_tag"),
    "YAML with bytes": (from_yaml, "a: !!binary aGk=", "yaml_tag"),
    "YAML with a key twice": (from_yaml, "a: 1\na: 2", "not_yaml"),
    "YAML with a number as key": (from_yaml, "1: 2", "not_yaml"),
    "YAML with nothing as key": (from_yaml, "{null: 2}", "not_yaml"),
    "YAML with a list as key": (from_yaml, "? [a]\n: 1", "not_yaml"),
    "YAML of two documents": (from_yaml, "a: 1\n---\nb: 2", "not_yaml"),
    "YAML that is none": (from_yaml, "a: [1", "not_yaml"),
    "YAML with a control character": (from_yaml, "a: \x07", "not_yaml"),
    "YAML with a huge number": (from_yaml, "9" * 100_000, "not_yaml"),
    "YAML with a million values": (from_yaml, "- a\n" * 1_000_000, "too_large"),
}


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("name", TEXTS)
def test_files(name: str) -> None:
    read, text, code = TEXTS[name]
    with pytest.raises(FormatError) as error:
        read(text)
    assert error.value.code == code
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_dates_and_expressions_stay_texts_in_yaml() -> None:
    assert from_yaml("a: 2030-01-31\nb: =context.x\nc: '=1'\nd: =") == {
        "a": "2030-01-31",
        "b": "=context.x",
        "c": "=1",
        "d": "=",
    }


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"name": "a", "worker": 5}, "bad_type"),
        ({"name": "a"}, "missing_field"),
        ("a", "bad_type"),
        ({"name": "a", "worker": "read", "params": {"x": nested(1_000)}}, "too_deep"),
    ],
)
def test_steps_that_a_worker_returns(step: Any, code: str) -> None:
    with pytest.raises(DocumentRefused) as error:
        parse_step(step, "dynamic_steps[0]")
    assert [problem.code for problem in error.value.problems] == [code]
    assert error.value.problems[0].path.startswith("dynamic_steps[0]")


def test_a_thousand_steps_are_checked_within_a_fifth_of_a_second() -> None:
    steps = [
        task(
            f"s{n}",
            params={"x": f"=context.x{n}", "y": n},
            compensation={"worker": "undo"},
            when="context.go",
        )
        for n in range(1_000)
    ]
    edges = [{"from": f"s{n}", "to": f"s{n + 1}"} for n in range(999)]
    document = main(*steps, edges=edges, layout={f"s{n}": [n, n] for n in range(1_000)})

    def seconds() -> float:
        started = time.process_time()
        assert check_document(document, catalog_once, nothing_published) == []
        return time.process_time() - started

    catalog_once = catalog()
    assert min(seconds() for _ in range(3)) < 0.2
