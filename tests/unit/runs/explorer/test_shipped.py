"""The workflows that ship are proven, and the docs show the certificates that they have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runs.explorer.certificate import certificate_of
from runs.explorer.search import explore
from runs.proof.service import undos
from tests.unit.runs.explorer.test_mutants import shipped

FILE = Path(__file__).parents[4] / "docs" / "certificates.jsonl"
SHOWN = {line["workflow"]: line for line in map(json.loads, FILE.read_text().splitlines())}


def test_every_one_of_them_is_there() -> None:
    assert SHOWN.keys() == shipped().keys()


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_proven_as_the_docs_show(name: str) -> None:
    """Written anew by `manage.py prove_workflow --json designer/patterns/*.yaml`."""
    graph = shipped()[name]
    certificate = certificate_of(graph, explore(graph, lambda other, version: shipped().get(other)), undos())
    assert certificate["holds"]
    assert json.loads(json.dumps(certificate)) == SHOWN[name]
