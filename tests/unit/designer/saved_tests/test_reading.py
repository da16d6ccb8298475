"""Saved tests as JSON values and files: read, refused with the place, written as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from designer.errors import FormatError, TestsRefused
from designer.formats.formats import from_yaml, yaml_of
from designer.formats.uploads import load_tests, load_tests_beside
from designer.saved_tests import files, model
from designer.saved_tests.reading import dump_tests, read_tests
from runs.machine import answers
from runs.machine.states import RunStatus

FULL: dict[str, Any] = {
    "name": "all of it",
    "input": {"amount": 5},
    "mocks": {
        "pay": [{"fails": "busy"}, {"output": {"id": 1}, "takes": 2.5}],
        "each[1]/label": {"lost": "done"},
    },
    "fallbacks": {"pay": {"output": {"id": 2}}},
    "verifications": {"pay": {"output": {"outcome": "not_done"}}},
    "undos": {"pay": {"times_out": "not_done"}},
    "signals": [{"name": "paid", "data": [1], "at": 5}],
    "events": [{"type": "order.paid", "data": {"order": 1}, "more": {"subject": "x"}}],
    "approvals": [{"step": "ask", "approved": False, "comment": "no"}],
    "answers": [{"step": "pay", "answer": "resolve", "output": {"id": 3}}],
    "acts": [{"act": "cancel", "at": 60}],
    "expect": {
        "status": "failed",
        "ran": ["pay"],
        "undone": [],
        "skipped": ["ask"],
        "error": "busy",
        "left": 1,
        "checks": ["steps.pay.id == 1"],
    },
}

REFUSED: dict[str, tuple[Any, str, str]] = {
    "no list": ({}, "bad_type", "tests"),
    "no name": ([{}], "missing_field", "tests[0].name"),
    "a name twice": ([{"name": "a"}, {"name": "a"}], "duplicate_name", "tests[1].name"),
    "an unknown field": ([{"name": "a", "mock": {}}], "unknown_field", "tests[0].mock"),
    "a mock that ends twice": (
        [{"name": "a", "mocks": {"pay": {"fails": "x", "lost": "done"}}}],
        "bad_value",
        "tests[0].mocks.pay[0]",
    ),
    "no step's name": ([{"name": "a", "mocks": {"Pay!": {}}}], "bad_value", "tests[0].mocks.Pay!"),
    "an unknown status": ([{"name": "a", "expect": {"status": "ok"}}], "bad_value", "tests[0].expect.status"),
    "a check that is none": (
        [{"name": "a", "expect": {"checks": ["steps.a ="]}}],
        "bad_expression",
        "tests[0].expect.checks[0]",
    ),
    "too many": ([{"name": str(n)} for n in range(201)], "too_large", "tests"),
}


def test_what_is_read_is_written_as_it_was() -> None:
    tests, problems = read_tests([FULL])
    assert problems == []
    assert dump_tests(tests) == [FULL]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_told_with_its_place(name: str) -> None:
    value, code, path = REFUSED[name]
    _, problems = read_tests(value)
    assert (problems[0].code, problems[0].path) == (code, path)


def test_the_words_are_those_of_the_machine() -> None:
    assert set(model.STATUSES) == {str(status) for status in RunStatus}
    assert get_args(model.Answer) == get_args(answers.Answer)


def test_a_file_of_tests_lies_beside_its_workflow(tmp_path: Path) -> None:
    (tmp_path / "order.yaml").write_text("name: order\n")
    assert load_tests_beside(tmp_path / "order.yaml") is None
    tests, _ = read_tests([FULL])
    text = yaml_of(files.dump_file("order", tests))
    (tmp_path / "order.tests.yaml").write_text(text)
    found = load_tests_beside(tmp_path / "order.yaml")
    assert found == files.TestFile("order", tuple(tests))
    assert found.of("order") == tuple(tests)
    assert found.of("other") is None
    assert files.parse_file(from_yaml(text)) == found


@pytest.mark.parametrize(
    ("text", "refusal"), [("[]", FormatError), ("test: []", FormatError), ("tests: 1", TestsRefused)]
)
def test_a_file_that_holds_no_tests_is_refused(tmp_path: Path, text: str, refusal: type[Exception]) -> None:
    path = tmp_path / "order.tests.yaml"
    path.write_text(text)
    with pytest.raises(refusal):
        load_tests(path)
