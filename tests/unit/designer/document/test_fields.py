"""Readers of single fields: what lies out of range is a problem with its place."""

from __future__ import annotations

import math
from typing import Any

import pytest

from designer.document.document import parse


def codes(**fields: Any) -> list[tuple[str, str]]:
    document = {"schema": 1, "name": "w", "steps": [{"name": "s", "kind": "wait", **fields}], "edges": []}
    return [(problem.code, problem.path) for problem in parse(document)[1]]


@pytest.mark.parametrize(
    "until",
    [
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+00:01",
        "10000-01-01",
        5,
        "",
    ],
)
def test_a_time_that_has_no_form_in_utc_is_a_problem(until: Any) -> None:
    assert codes(until=until) == [("bad_value", "steps[0].until")]


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2030-01-01T00:00:00+14:00"]
)
def test_every_other_time_with_its_zone_is_read(until: str) -> None:
    assert codes(until=until) == []


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, -1, 10**30, 2**63])
def test_a_number_out_of_range_is_a_problem(seconds: float) -> None:
    assert codes(seconds=seconds) == [("bad_value", "steps[0].seconds")]
