"""Reads and writes saved tests as JSON values. PURE.

The document of a file is `{workflow: NAME, tests: [...]}`; the database and the API hold the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from designer.document.fields import signal
from designer.document.limits import (
    EVENT_TYPE_LENGTH_MAX,
    NAME_LENGTH_MAX,
    TEST_NAME_LENGTH_MAX,
    TEXT_LENGTH_MAX,
)
from designer.document.readers import (
    INVALID,
    Reader,
    flag,
    integer,
    json_object,
    list_of,
    matching,
    number,
    one_of,
    record,
    text,
)
from designer.document.shape import check_shape
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, compile_expression
from designer.problems import Problem, Problems, Report, TooManyProblemsError, join, truncate
from designer.saved_tests.model import (
    ACTS,
    ANSWERS,
    STATUSES,
    Act,
    Approval,
    Event,
    Expectation,
    Mock,
    Reply,
    SavedTest,
    Signal,
)
from workers.sdk.limits import DELAY_S_MAX, ERROR_CODE

TESTS_MAX = 200  # of one workflow
CALLS_MAX = 10_000  # mocks of one step
LISTED_MAX = 10_000
DEPTH_MAX = 20
CHECK_VARIABLES = frozenset({"context", "input", "steps", "outcomes", "output", "run"})
EFFECTS = ("done", "not_done")

STEP_PATH = re.compile(
    rf"[a-z][a-z0-9_]{{0,{NAME_LENGTH_MAX - 1}}}(\[\d{{1,6}}\])?"
    rf"(/[a-z][a-z0-9_]{{0,{NAME_LENGTH_MAX - 1}}}(\[\d{{1,6}}\])?){{0,{DEPTH_MAX}}}",
    re.ASCII,
)
step_path = matching(STEP_PATH, "the name of a step, or its path, as outer/inner")
code = matching(ERROR_CODE, "the code of an error")
seconds = number(least=0, up_to=10 * DELAY_S_MAX)
long_text = text(TEXT_LENGTH_MAX)
person = text(150)
names = list_of(step_path, up_to=LISTED_MAX)


def _any(value: object, path: str, report: Report) -> Any:
    return value


def _check(value: object, path: str, report: Report) -> Any:
    """Reads an expression that is to be true, with or without its leading `=`."""
    source = long_text(value, path, report)
    if source is INVALID:
        return INVALID
    try:
        compile_expression(bare(source), CHECK_VARIABLES)
    except ExpressionError as error:
        report("bad_expression", path, str(error))
        return INVALID
    return bare(source)


_one_mock = record(
    Mock,
    {
        "output": _any,
        "fails": code,
        "message": long_text,
        "cause": code,
        "for_good": flag,
        "unclear": flag,
        "retry_after": seconds,
        "times_out": one_of(EFFECTS),
        "lost": one_of(EFFECTS),
        "bad_output": flag,
        "takes": seconds,
        "waits": seconds,
        "left": integer(0, 1_000_000),
        "past_pivot": flag,
        "recorded": text(100, empty=False),
    },
)


def _mock(value: object, path: str, report: Report) -> Any:
    read = _one_mock(value, path, report)
    if isinstance(value, Mapping):
        stated = [key for key in ("fails", "times_out", "lost", "recorded") if value.get(key) is not None]
        if len(stated) > 1:
            report("bad_value", path, f"one of {' and '.join(stated)} is too many: a call ends in one way")
            return INVALID
    return read


_mock_list = list_of(_mock, least=1, up_to=CALLS_MAX)


def _mocks(value: object, path: str, report: Report) -> Any:
    if not isinstance(value, Mapping):
        report("bad_type", path, f"an object is needed, a mock by step, not {truncate(value)}")
        return INVALID
    found = {}
    for name, part in value.items():
        place = join(path, str(name))
        if step_path(name, place, report) is INVALID:
            continue
        read = _mock_list(part if isinstance(part, list) else [part], place, report)
        if read is not INVALID:
            found[name] = tuple(read)
    return found


def _tuple_of(reader: Reader) -> Reader:
    read_list = list_of(reader, up_to=LISTED_MAX)

    def read(value: object, path: str, report: Report) -> Any:
        found = read_list(value, path, report)
        return INVALID if found is INVALID else tuple(found)

    return read


_expectation = record(
    Expectation,
    {
        "status": one_of(STATUSES),
        "ran": _tuple_of(step_path),
        "undone": _tuple_of(step_path),
        "skipped": _tuple_of(step_path),
        "error": text(100),
        "left": integer(0, 1_000_000),
        "checks": _tuple_of(_check),
    },
)
_test = record(
    SavedTest,
    {
        "name": text(TEST_NAME_LENGTH_MAX, empty=False),
        "input": json_object,
        "mocks": _mocks,
        "fallbacks": _mocks,
        "verifications": _mocks,
        "undos": _mocks,
        "signals": _tuple_of(
            record(Signal, {"name": signal, "data": _any, "at": seconds, "by": person}, ["name"])
        ),
        "events": _tuple_of(
            record(
                Event,
                {
                    "type": text(EVENT_TYPE_LENGTH_MAX, empty=False),
                    "data": _any,
                    "at": seconds,
                    "id": text(200),
                    "source": text(200),
                    "more": json_object,
                },
                ["type"],
            )
        ),
        "approvals": _tuple_of(
            record(
                Approval,
                {
                    "step": step_path,
                    "approved": flag,
                    "comment": long_text,
                    "answer": json_object,
                    "at": seconds,
                    "by": person,
                },
                ["step"],
            )
        ),
        "answers": _tuple_of(
            record(
                Reply,
                {
                    "step": step_path,
                    "answer": one_of(ANSWERS),
                    "note": long_text,
                    "output": _any,
                    "patch": json_object,
                    "at": seconds,
                    "by": person,
                },
                ["step", "answer"],
            )
        ),
        "acts": _tuple_of(
            record(
                Act,
                {
                    "act": one_of(ACTS),
                    "at": seconds,
                    "step": step_path,
                    "by": person,
                },
                ["act"],
            )
        ),
        "expect": _expectation,
    },
    ["name"],
)


def read_tests(value: object, path: str = "tests") -> tuple[list[SavedTest], list[Problem]]:
    """Returns the tests of a list that can be read, and what is wrong with the others."""
    refusal = check_shape(value, path)
    if refusal is not None:
        return [], [refusal]
    if not isinstance(value, list):
        return [], [Problem("bad_type", path, f"a list of tests is needed, not {truncate(value)}")]
    if len(value) > TESTS_MAX:
        message = f"a workflow may have {TESTS_MAX} tests; these are {len(value):,}"
        return [], [Problem("too_large", path, message)]
    problems = Problems()
    tests: list[SavedTest] = []
    try:
        for index, part in enumerate(value):
            test = _test(part, join(path, index), problems.error)
            if isinstance(test, SavedTest):
                _note_twin(test, tests, join(path, index), problems.error)
                tests.append(test)
    except TooManyProblemsError:
        pass
    return tests, problems.reported


def _note_twin(test: SavedTest, others: Sequence[SavedTest], path: str, report: Report) -> None:
    if any(other.name == test.name for other in others):
        report("duplicate_name", join(path, "name"), f"there are two tests '{truncate(test.name)}'")


def dump_tests(tests: Sequence[SavedTest]) -> list[dict[str, Any]]:
    """Returns tests as JSON values, without what is as by default. `read_tests` is the inverse."""
    return [_dump(test) for test in tests]


def _dump(part: Any) -> dict[str, Any]:
    found = {}
    for field in fields(part):
        value = getattr(part, field.name)
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if value != default:
            found[field.name] = _json(field.name, value)
    return found


def _json(name: str, value: Any) -> Any:
    if is_dataclass(value):
        return _dump(value)
    if isinstance(value, tuple):
        return [_json("", part) for part in value]
    if name in ("mocks", "fallbacks", "verifications", "undos"):
        return {step: _short([_dump(mock) for mock in mocks]) for step, mocks in value.items()}
    return dict(value) if isinstance(value, Mapping) else value


def _short(mocks: list[dict[str, Any]]) -> Any:
    return mocks[0] if len(mocks) == 1 else mocks
