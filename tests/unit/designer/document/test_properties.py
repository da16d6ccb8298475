"""Properties of all documents: nothing crashes, nothing is lost."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from designer.document.document import dump, dump_step, parse, parse_step, salvage
from designer.document.graph import Graph
from designer.document.resolve import resolve_graph
from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression, resolve
from designer.formats.formats import from_json, from_yaml, to_json, to_yaml
from designer.formats.python_source import to_python
from designer.problems import Problem
from designer.validation.workflow import check_document, check_graph
from tests.unit.designer.helpers import FakeSpec, catalog, published
from tests.unit.designer.strategies import ANYTHING, GRAPHS, JSON, TEXTS, documents

KEYS = ["context", "steps", "a", "b", "true", "null", "in"]
SCOPE = {"context": {"a": 1, "l": [1, 2]}, "input": {}, "steps": {}, "run": {"id": "r"}}


def as_text(graph: Graph) -> bytes:
    """Stricter than equality: 1, 1.0 and true differ."""
    return orjson.dumps(dump(graph))


@given(GRAPHS)
def test_reading_what_was_written_gives_the_same(graph: Graph) -> None:
    again, found = parse(dump(graph))
    assert (again, found) == (graph, [])
    assert again is not None and as_text(again) == as_text(graph)
    assert all(parse_step(dump_step(step)) == step for step in graph.steps)


@pytest.mark.rule("R1.1")
@given(GRAPHS)
def test_json_yaml_and_python_lose_nothing(graph: Graph) -> None:
    for text, read in ((to_json(graph), from_json), (to_yaml(graph), from_yaml)):
        again, _ = parse(read(text))
        assert again is not None and as_text(again) == as_text(graph), text
    code = to_python(graph)
    module: dict[str, Any] = {}
    exec(code, module)
    assert as_text(module[f"create_{graph.name}"]()) == as_text(graph), code


@given(GRAPHS)
def test_what_is_resolved_is_a_document_as_well(graph: Graph) -> None:
    class Everyone(dict[str, FakeSpec]):
        def __missing__(self, name: str) -> FakeSpec:
            return FakeSpec()

        def get(self, name: str, default: Any = None) -> Any:
            return self[name]

    resolved = resolve_graph(graph, Everyone())
    assert parse(dump(resolved)) == (resolved, [])
    worked = [step for step in resolved.steps if step.worker]
    assert all(step.timeout and step.retry and step.queue for step in worked)
    assert all(step.on_failure for step in resolved.steps)


@given(ANYTHING | JSON)
def test_any_value_is_read_or_has_problems(value: Any) -> None:
    graph, found = parse(value)
    assert (graph is None) == any(problem.level == "error" for problem in found)
    assert all(isinstance(problem, Problem) and problem.code and problem.message for problem in found)


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A document in which some value was replaced by anything."""
    document = draw(documents())
    place: Any = document
    for _ in range(draw(st.integers(1, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or draw(st.booleans()):
            place[key] = draw(ANYTHING)
            break
        place = place[key]
    return document


@given(broken())
def test_broken_documents_have_problems_with_places(document: Any) -> None:
    found = check_document(document, catalog(), published)
    assert all(isinstance(problem.path, str) and problem.message for problem in found)
    salvaged, _ = salvage(document)
    check_graph(salvaged, catalog(), published)


@given(st.text(max_size=60) | st.text("context.ab([{}])\"'\\+-!?:&|<>=, map1 x", max_size=40))
@example("\ud800")
@example("context.map(x,")
@example("1.map(x, x)")
@settings(max_examples=400)
def test_any_text_is_an_expression_or_says_why_not(source: str) -> None:
    try:
        value = compile_expression(source).evaluate(SCOPE)
    except ExpressionError as error:
        assert str(error)
    else:
        orjson.dumps(value)


@given(
    st.lists(st.sampled_from(["context", "steps", "a", "b", "true", "null", "in"]), min_size=1, max_size=4)
)
def test_a_path_gives_what_the_library_gives(keys: list[str]) -> None:
    scope = {
        "context": {"a": {"b": [1]}, "b": None, "context": 2, "true": 3, "null": 4, "in": 5},
        "steps": {"a": {"a": "x"}},
    }

    def value_of(source: str) -> Any:
        try:
            return compile_expression(source).evaluate(scope)
        except ExpressionError:
            return ExpressionError

    path = ".".join(keys)
    assert value_of(path) == value_of(f"({path})")


@given(JSON)
def test_values_without_expressions_stay_as_they_are(value: Any) -> None:
    def escaped(part: Any) -> Any:
        if isinstance(part, str) and part.startswith("="):
            return f"={part}"
        if isinstance(part, list):
            return [escaped(item) for item in part]
        return {key: escaped(item) for key, item in part.items()} if isinstance(part, dict) else part

    assert resolve(escaped(value), SCOPE) == value


@given(TEXTS)
def test_any_text_read_as_a_file_is_a_value_or_refused(text: str) -> None:
    for read in (from_json, from_yaml):
        try:
            parse(read(text))
        except Exception as error:
            assert type(error).__name__ in ("FormatError", "DocumentUnreadable")
