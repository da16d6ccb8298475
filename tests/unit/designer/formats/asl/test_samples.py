"""Real machines of a public collection: each becomes a draft, and its report says what the draft has."""

from __future__ import annotations

import pytest

from designer.expressions.expressions import expressions_in
from designer.expressions.scanner import LENGTH_MAX
from tests.unit.designer.formats.asl.helpers import imported, samples


@pytest.mark.parametrize("name", samples())
def test_a_machine_becomes_a_draft(name: str) -> None:
    draft, report = imported(samples()[name])
    assert report.is_complete, report.as_text()
    assert all(len(source) <= LENGTH_MAX for _, source in expressions_in(draft, ""))
