"""What the reference says is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.live import consumers as sockets
from runs.machine.journal.apply import EFFECTS
from tests.architecture.source import ROOT
from tests.docs import reference

CLOSE_CODES = (
    *(sockets.ANONYMOUS, sockets.FOREIGN, sockets.NO_SUCH_RUN, sockets.BAD_REQUEST),
    *(sockets.TRY_AGAIN_LATER, sockets.CHATTER, sockets.TOO_LARGE),
)
SOCKETS = (ROOT / "docs/reference/sockets.md").read_text()


def test_the_generated_pages_and_the_schema_are_current() -> None:
    found = [str(path.relative_to(ROOT)) for path, _ in reference.stale()]
    assert found == [], "run `make reference`"


def test_a_stale_page_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reference.FILES, "docs/reference/commands.md", lambda: "another")
    assert [path for path, _ in reference.stale()] == [Path(ROOT / "docs/reference/commands.md")]


def test_the_table_of_settings_is_complete() -> None:
    assert reference.documented_settings() - {"PORT", "WORKERS"} == reference.settings_read()


def test_every_type_of_entry_and_every_close_code_of_sockets_is_named() -> None:
    missing = [name for name in (*EFFECTS, *map(str, CLOSE_CODES)) if f"`{name}`" not in SOCKETS]
    assert missing == []
