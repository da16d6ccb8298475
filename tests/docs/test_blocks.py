"""Every block of the documents is checked: code runs, documents validate; what cannot says so, and why."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from config.lib.env import MODULE_NAME
from designer.document.document import parse
from designer.document.graph import Graph
from designer.formats.formats import from_yaml
from designer.saved_tests.files import parse_file
from designer.validation.workflow import check_document
from tests.docs.blocks import ROOT, Block, blocks, is_settings
from tests.unit.designer.test_patterns import shipped
from workers.library import EXAMPLE_MODULES, READY_MODULES
from workers.registry import load_catalog

CHECKED = ("python", "yaml", "json", "toml", "console", "sh", "bash")
PROSE = ("", "text")
REASON_CHARS = 15
each_block = pytest.mark.parametrize("block", blocks(), ids=str)


def of(language: str) -> list[Block]:
    return [
        block
        for block in blocks()
        if block.language == language and not {"norun", "tested"} & block.markers.keys()
    ]


@each_block
def test_no_block_is_left_unchecked_without_a_reason(block: Block) -> None:
    assert block.language in (*CHECKED, *PROSE), "say how it is checked in tests/docs"
    if block.language in PROSE:
        assert not re.search(r"^(\$ |.*manage\.py \w)", block.text, re.MULTILINE), "a command is `console`"
    if "norun" in block.markers:
        assert len(block.markers["norun"]) >= REASON_CHARS, "say why it cannot run here"
    if "tested" in block.markers:
        test = ROOT / block.markers["tested"]
        assert test.is_file() and Path(block.path).stem in test.read_text(), f"{test} does not read it"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files that the documents write, importable; modules that come from them are forgotten again."""
    for block in blocks():
        if name := block.markers.get("file"):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            assert not path.exists() or path.read_text() == block.text, f"{block}: another {name} than before"
            path.write_text(block.text)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("path", sorted({block.path for block in of("python")}))
def test_python_runs_and_its_tests_pass(path: str, files: Path) -> None:
    """The blocks of a document one after the other, each with the names of those before."""
    names: dict[str, Any] = {"__name__": "documented"}
    for block in of("python"):
        if block.path == path:
            exec(compile("\n" * block.line + block.text, path, "exec"), names)
    for name, function in list(names.items()):
        if name.startswith("test_") and not signature(function).parameters:
            function()


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_yaml_is_a_workflow_or_its_tests_without_a_problem(block: Block, files: Path) -> None:
    check(from_yaml(block.text), files)


@pytest.mark.parametrize("block", of("json"), ids=str)
def test_json_is_read(block: Block, files: Path) -> None:
    document = json.loads(block.text)
    if "input" in block.markers:
        assert isinstance(document, dict)
    elif isinstance(document, dict) and "steps" in document:
        check(document, files)


@pytest.mark.parametrize("block", of("toml"), ids=str)
def test_toml_is_read(block: Block) -> None:
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", [block for block in of("sh") if is_settings(block)], ids=str)
def test_variables_of_the_environment_are_settings(block: Block) -> None:
    source = (ROOT / "config/settings.py").read_text()
    names = [line.partition("=")[0] for line in block.text.splitlines()]
    assert [name for name in names if f'"{name}"' not in source] == []


def workflows(files: Path) -> Callable[[str, int | None], Graph | None]:
    """Those that ship, and those of the documents' files."""
    documents = [from_yaml(path.read_text()) for path in files.glob("*.yaml")]
    graphs = {graph.name: graph for document in documents if (graph := parse(document)[0])}
    return lambda name, version: graphs.get(name) or shipped(name, version)


def check(document: Any, files: Path) -> None:
    if isinstance(document, list):
        document = {"steps": document}
    assert isinstance(document, dict)
    if "tests" in document:
        assert parse_file(document).tests
        return
    assert "steps" in document, "neither a workflow nor its tests: say `norun` and why"
    modules = [path.stem for path in files.glob("*_workers.py") if MODULE_NAME.fullmatch(path.stem)]
    catalog = load_catalog(modules, [*READY_MODULES, *EXAMPLE_MODULES])
    problems = check_document({"schema": 1, "name": "a", **document}, catalog, workflows(files))
    assert [problem for problem in problems if problem.level == "error"] == []
