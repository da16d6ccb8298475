"""`docs/asl.md` is true: its expressions are what is written, its output is what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

from designer.formats.asl.expressions.cel import Cel, as_cel
from designer.formats.asl.expressions.intrinsics import is_intrinsic, read_intrinsic
from designer.formats.asl.expressions.jsonata import is_jsonata, read_jsonata
from designer.formats.asl.expressions.paths import read_path
from designer.formats.asl.expressions.scope import Scope
from designer.formats.asl.fields import FIELDS
from tests.unit.designer.formats.asl.helpers import imported
from tests.unit.designer.formats.asl.test_undo import SAGA

TEXT = (Path(__file__).parents[5] / "docs" / "asl.md").read_text(encoding="utf-8")
SCOPE = Scope(Cel("context.data"), {"Execution.Id": Cel("run.id")}, {"input": Cel("context.data")})


def test_the_expressions_of_the_table_are_those_that_are_written() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", TEXT, re.MULTILINE)
    assert len(rows) >= 9
    for source, expected in rows:
        if is_intrinsic(source):
            found = read_intrinsic(source, SCOPE)
        else:
            found = read_jsonata(source, SCOPE) if is_jsonata(source) else read_path(source, SCOPE)
        assert str(as_cel(found)) == expected


def test_the_output_of_the_command_is_what_is_shown() -> None:
    said = imported(SAGA)[1].as_text().replace("main", "trip")
    shown = TEXT.split("```console\n")[1].split("```")[0].splitlines()[2:]
    assert all(line in said for line in shown if line.strip() != "…")


def test_every_type_of_state_has_a_row() -> None:
    assert all(re.search(rf"^\| [^|]*\b{kind}\b[^|]*\|", TEXT, re.MULTILINE) for kind in FIELDS)
