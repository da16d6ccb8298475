"""Tokens of expressions, and what is read once steps are renamed; the designer has the same table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from designer.errors import ExpressionError
from designer.expressions.scanner import keys_used, scan

TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "scanner/tokens.json").read_text())
CASES = pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["source"])


@CASES
def test_tokens(case: dict[str, Any]) -> None:
    assert [[token.kind, token.text] for token in scan(case["source"])] == case["tokens"]


@CASES
def test_what_is_renamed_is_what_is_read(case: dict[str, Any]) -> None:
    before, after = (keys_used(scan(text)).get("steps") for text in (case["source"], case["renamed"]))
    renames = TABLE["renames"]
    assert after == (None if before is None else {renames.get(name, name) for name in before})


@pytest.mark.parametrize("source", TABLE["refused"])
def test_what_holds_no_token_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError, match="at character"):
        scan(source)
