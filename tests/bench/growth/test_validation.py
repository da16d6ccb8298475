"""What checking a draft costs, counted in calls of functions: it grows with the draft and no faster."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from designer.analysis.what_if import preview
from designer.validation.workflow import check_document
from tests.bench.growth.drafts import large_draft
from workers.registry import get_catalog


def calls_of(work: Any, *args: Any) -> int:
    """How many functions were called; compiled expressions are known from a first time."""
    work(*args)
    count = 0

    def note(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work(*args)
    finally:
        sys.setprofile(None)
    return count


def check(steps: int) -> int:
    return calls_of(check_document, large_draft(steps), get_catalog(), lambda name, number: None)


def test_four_times_the_steps_take_four_times_the_calls() -> None:
    small, large = check(250), check(1_000)
    assert large < 4.4 * small


def test_a_thousand_steps_take_fewer_calls_than_fit_into_200_ms() -> None:
    assert check(1_000) < 1_000_000


def test_what_a_failure_leads_to_costs_in_proportion_too() -> None:
    small, large = (calls_of(preview, large_draft(n), f"s{n - 1}", get_catalog()) for n in (250, 1_000))
    assert large < 4.4 * small
