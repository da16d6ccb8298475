"""Every rule of docs/semantics.md has a test that names it, and every test names a rule that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
STATED = re.compile(r"^- \*\*(R\d+\.\d+)\*\* ", re.MULTILINE)
NAMED = re.compile(r"\brule\(\"(R\d+\.\d+)\"\)")


def stated() -> list[str]:
    return STATED.findall((ROOT / "docs" / "semantics.md").read_text())


def named() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {rule for file in files for rule in NAMED.findall(file.read_text())}


def test_every_rule_is_proven_and_every_proof_has_its_rule() -> None:
    assert set(stated()) == named()


def test_rules_stand_in_their_order_and_once() -> None:
    found = [tuple(int(part) for part in rule[1:].split(".")) for rule in stated()]
    assert found == sorted(set(found))
