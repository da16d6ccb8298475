"""Real machines of a public collection: each becomes a draft that needs nothing but its workers."""

from __future__ import annotations

import pytest

from tests.unit.designer.formats.asl.helpers import imported, problems_of, samples


@pytest.mark.parametrize("name", samples())
def test_a_machine_becomes_a_draft_that_needs_only_workers(name: str) -> None:
    draft, report = imported(samples()[name])
    assert report.is_complete, report.as_text()
    assert problems_of(draft) == []
