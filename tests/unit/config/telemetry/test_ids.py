"""Ids are worked out, the same everywhere and for ever; contexts are those of W3C."""

from __future__ import annotations

from uuid import UUID

import pytest

from config.telemetry import ids

RUN = UUID("01930000-0000-7000-8000-00000000002a")
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

KNOWN = [
    "f972934a6e7a1a3d",
    "1314f632f824f28b",
    "f239157fd1f75c8f",
    "b724da4d4eb2cfc4",
    "b4bdcd10b4abf7fb",
]


def test_ids_stay_as_they_are() -> None:
    """Other values would tear the traces of runs apart that are under way during an upgrade."""
    assert f"{ids.trace_of(RUN):032x}" == RUN.hex
    made = [
        ids.run_span(RUN),
        ids.step_span(RUN, "pay"),
        ids.attempt_span(RUN, "pay", 1),
        ids.rollback_span(RUN, 9),
        ids.undo_span(RUN, "pay", 9),
    ]
    assert [f"{one:016x}" for one in made] == KNOWN


def test_whatever_differs_has_another_id() -> None:
    other = UUID(int=RUN.int + 1)
    made = [
        *(ids.run_span(run) for run in (RUN, other)),
        *(ids.step_span(run, step) for run in (RUN, other) for step in ("pay", "pay[1]", "pay[11]", "ship")),
        *(ids.attempt_span(RUN, step, lease) for step in ("pay", "pay[1]") for lease in (1, 2, 11)),
        *(ids.undo_span(RUN, "pay", rollback) for rollback in (9, 12)),
        *(ids.rollback_span(RUN, rollback) for rollback in (9, 12)),
    ]
    assert len(set(made)) == len(made)
    assert all(0 < one < 2**64 for one in made)


def test_a_context_is_written_as_it_is_read() -> None:
    context = ids.read(CALLER)
    assert context is not None
    assert str(context) == CALLER
    assert context.is_sampled
    assert not ids.read(CALLER[:-2] + "00").is_sampled  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        CALLER.replace("00f067aa0ba902b7", "0" * 16),
        CALLER + "-more",
        "ff" + CALLER[2:],
        CALLER.upper(),
        CALLER.replace("4bf9", "4bfg"),
        "x" * 10_000,
    ],
)
def test_a_header_that_is_not_valid_is_ignored(text: str) -> None:
    assert ids.read(text) is None


def test_a_later_version_may_say_more() -> None:
    assert ids.read(f"01{CALLER[2:]}-more") == ids.read(CALLER)
