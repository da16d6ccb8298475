"""Workflows in files: found, read, run and refused with file and line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from designer.builder import WorkflowBuilder
from designer.document.document import dump, parse
from designer.document.graph import Graph
from designer.errors import FormatError
from designer.formats.formats import WRITERS, from_yaml, load_file, yaml_of
from designer.formats.python_source import to_python

GRAPH = WorkflowBuilder("main", title='A "title"\n').add_step("a", "w", compensation="undo").build()
SUFFIX = {"json": "json", "yaml": "yaml", "python": "py"}


@pytest.mark.parametrize("format_", WRITERS)
def test_a_written_file_is_read_again(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"main.{SUFFIX[format_]}"
    path.write_text(WRITERS[format_](GRAPH), encoding="utf-8")
    assert [parse(document)[0] for document in load_file(path)] == [GRAPH]


def test_a_line_is_written_as_a_chain_and_anything_else_is_drawn() -> None:
    chain = WorkflowBuilder("main").add_step("a", "w").wait("b", seconds=1).build()
    assert "        .add_step('a', 'w')\n        .wait('b', seconds=1)\n" in to_python(chain)
    drawn = WorkflowBuilder("main").step("a", "w").step("b", "w").build()
    assert "        .step('a', worker='w')\n" in to_python(drawn)


def test_a_name_that_python_reserves() -> None:
    graph = WorkflowBuilder("class").add_step("import", "w").build()
    module: dict[str, object] = {}
    exec(to_python(graph), module)
    create = module["create_class"]
    assert callable(create) and create() == graph


def names(tmp_path: Path, code: str) -> list[str]:
    path = tmp_path / "flows.py"
    path.write_text(code, encoding="utf-8")
    return [document["name"] for document in load_file(path)]


BUILD = "from designer.builder import WorkflowBuilder as B\n"


def test_workflows_of_a_module_and_of_its_functions(tmp_path: Path) -> None:
    code = BUILD + (
        "first = B('first').add_step('a', 'w').build()\n"
        "unfinished = B('unfinished')\n"
        "def create_second(): return B('second').add_step('a', 'w').build()\n"
        "def create_unbuilt(size=3): return B('unbuilt').add_step('a', 'w')\n"
        "def create_needs(name): raise AssertionError\n"
        "async def create_later(): raise AssertionError\n"
        "def create_other(): return 5\n"
        "def make_third(): raise AssertionError\n"
        "def create_first_again(): return first\n"
    )
    assert names(tmp_path, code) == ["first", "second", "unbuilt"]


def test_functions_of_other_modules_are_not_called(tmp_path: Path) -> None:
    (tmp_path / "others.py").write_text("def create_other(): raise AssertionError\n", encoding="utf-8")
    code = BUILD + "from others import create_other\nmine = B('mine').add_step('a', 'w').build()\n"
    assert names(tmp_path, code) == ["mine"]
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module' (line 1)"),
        ("x = 1\nx +\n", "(line 2)"),
        ("\n\nraise ValueError('first\\nsecond')\n", "ValueError: first second (line 3)"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3 (line 2)"),
        ("def create_x():\n    return 1 / 0\n", "ZeroDivisionError: division by zero (line 2)"),
        (BUILD + "flow = B('X').build()\n", "bad_name"),
        ("x = 1\n", "no workflow is built"),
    ],
)
def test_errors_of_a_script_have_one_line(code: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as error:
        names(tmp_path, code)
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("flow.txt", b"", "unknown_format"),
        ("flow.json", b"\xff\xfe", "unreadable"),
        ("flow.json", b"", "not_json"),
        ("flow.yaml", b"\xff", "unreadable"),
        ("flow.py", b"#" * 5_000_001, "too_large"),
    ],
)
def test_files_that_are_no_workflows(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError) as error:
        load_file(path)
    assert error.value.code == code


@pytest.mark.parametrize("name", ["missing.json", "missing.py", "."])
def test_files_that_are_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        load_file(tmp_path / name)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text('{"schema": 1}', encoding="utf-8-sig")
    assert load_file(path) == [{"schema": 1}]


def test_the_builders_graph_is_a_graph() -> None:
    assert isinstance(GRAPH, Graph) and dump(GRAPH)["title"] == 'A "title"\n'


def test_numbers_to_the_base_of_sixty_are_texts_whatever_their_length() -> None:
    long = ":".join(["59"] * 200_000)
    read = from_yaml(f"a: {long}\nb: 12:30\nc: 12:30:15.5\nd: 12\ne: -1.5\nf: 0x1f\n")
    assert read == {"a": long, "b": "12:30", "c": "12:30:15.5", "d": 12, "e": -1.5, "f": 31}
    assert from_yaml(yaml_of(read)) == read
