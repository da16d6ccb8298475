"""The examples of docs/testing.md are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from designer.document.graph import Graph
from designer.formats.formats import from_yaml
from designer.saved_tests.files import parse_file
from runs.testing.running import run_test
from tests.architecture.source import ROOT
from tests.unit.runs.testing.helpers import graph, step

TEXT = Path(ROOT / "docs/testing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


ORDER = graph(step("reserve"), step("pay"), step("ship"), name="order")
LATE = graph(
    step("reserve"),
    step("paid", kind="wait", signal="paid"),
    step("check", kind="approval"),
    step("ship"),
    name="order",
)


@pytest.mark.parametrize(("place", "flow"), [(0, ORDER), (1, LATE)])
def test_the_files_of_tests_pass(place: int, flow: Graph) -> None:
    [test] = parse_file(from_yaml(blocks("yaml")[place])).tests
    result = run_test(test, flow)
    assert result.passed, result.as_text()
    assert not result.notes


def test_a_test_whose_step_is_gone_is_told_as_written() -> None:
    [test] = parse_file(from_yaml(blocks("yaml")[0])).tests
    result = run_test(test, graph(step("reserve"), step("charge"), name="order"))
    assert result.reasons[0] in TEXT


def test_the_python_example_passes() -> None:
    module: dict[str, Any] = {}
    exec(blocks("python")[0], module)
    module["test_a_declined_card_gives_the_reservation_back"]()
