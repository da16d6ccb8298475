"""`new_project`: what it writes passes its own tests, linters and type checks, and overwrites nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from config.lib.commands import Refused
from tests.unit.workers.scaffold.files import contents

WRITTEN = {
    ".gitignore",
    "README.md",
    "conftest.py",
    "env.sh",
    "hotel/__init__.py",
    "hotel/workers.py",
    "pyproject.toml",
    "tests/test_book_room.py",
    "tests/test_workflow.py",
    "workflows/hotel.tests.yaml",
    "workflows/hotel.yaml",
}
CHECKS = [
    "-m ruff check --no-cache .",
    "-m ruff format --no-cache --check .",
    "-m mypy --cache-dir=../mypy hotel",
    "-m pytest -q -p no:cacheprovider",
]


def new_project(*words: str) -> str:
    out = StringIO()
    call_command("new_project", *words, stdout=out)
    return out.getvalue()


def test_a_new_project_passes_its_own_checks_also_with_another_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "hotel"
    assert f"cd {project}" in new_project(str(project))
    assert set(contents(project)) == WRITTEN
    monkeypatch.chdir(project)
    call_command("new_worker", "acme.send-invoice", "--module", "hotel/workers.py", stdout=StringIO())
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO", "DATA"))
    }
    running = [
        subprocess.Popen(
            [sys.executable, *words.split()],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for words in CHECKS
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], "\n".join(said)
    assert "7 passed" in said[-1]


@pytest.mark.parametrize("is_there", [False, True])
def test_its_own_folder_is_not_in_its_way_where_the_parent_is_in_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    if is_there:
        (tmp_path / "hotel").mkdir()
    new_project(str(tmp_path / "hotel"))
    assert set(contents(tmp_path / "hotel")) == WRITTEN


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["full"], "full exists already and is left as it is"),
        (["file"], "file exists already and is left as it is"),
        (["Hotel"], "'Hotel': the name is one that Python takes"),
        (["a-b"], "see --name"),
        (["new", "--name", "json"], "'json' conflicts with the name of an existing Python module"),
        (["new", "--name", "runs"], "'runs' conflicts with the name of an existing Python module"),
    ],
)
def test_what_is_refused_leaves_all_files_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "README.md").write_text("mine\n")
    (tmp_path / "file").write_text("mine\n")
    before = contents(tmp_path)
    with pytest.raises(Refused, match=message):
        new_project(*words)
    assert contents(tmp_path) == before and not (tmp_path / "new").exists()
