"""`new_worker`: what it writes works for every name, and what it refuses leaves all files as they are."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lib.commands import Refused
from tests.unit.workers.scaffold.files import contents
from workers.registry import Catalog
from workers.scaffold.errors import ScaffoldError
from workers.scaffold.names import WORKER_CHARS_MAX, function_name, pair_names
from workers.scaffold.pairs import added_to, write_pair
from workers.sdk.spec import WorkerSpec
from workers.testing import outcome_of

NAMES = ["book_room", "hire-car", "acme.Invoice.send", "import", "print", "json", "X", "n" * WORKER_CHARS_MAX]


@pytest.fixture
def new_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Calls the command in an empty folder. Returns what it prints."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> str:
        out = StringIO()
        call_command("new_worker", *words, stdout=out)
        return out.getvalue()

    return call


def workers_of(text: str) -> dict[str, WorkerSpec]:
    """The workers of the text of a module."""
    spec = importlib.util.spec_from_loader("written", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    exec(compile(text, "written.py", "exec"), vars(module))
    found = (getattr(member, "__worker__", None) for member in vars(module).values())
    return {worker.name: worker for worker in found if isinstance(worker, WorkerSpec)}


def test_every_name_gives_a_pair_that_is_linted_tested_and_found(
    new_worker: Callable[..., str], tmp_path: Path
) -> None:
    for name in NAMES:
        assert f"test_{function_name(name)}.py" in new_worker(name)
    specs = workers_of((tmp_path / "own_workers.py").read_text())
    assert set(specs) == {*NAMES, *(f"undo_{name}" for name in NAMES)}
    assert all(specs[name].compensation == f"undo_{name}" for name in NAMES)
    ruff = [sys.executable, "-m", "ruff"]
    for words in (["check", "--select", "B,E4,E7,E9,F,I,SIM,UP,W"], ["format", "--check"]):
        result = subprocess.run([*ruff, *words, "--no-cache", "."], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout
    assert len(list(tmp_path.glob("test_*.py"))) == len(NAMES)


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,59}", fullmatch=True)


@settings(max_examples=25, deadline=None)
@given(name=names, undo=st.one_of(st.just(""), names))
def test_whatever_the_names_a_late_attempt_does_nothing(
    tmp_path_factory: pytest.TempPathFactory, name: str, undo: str
) -> None:
    try:
        pair = pair_names(name, undo)
    except ScaffoldError:
        assert function_name(name) == function_name(undo or f"undo_{name}")
        return
    specs = workers_of(added_to("", Path("own_workers.py"), pair, ""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(tmp_path_factory.mktemp("data")))
        work, back = specs[pair.worker].function, specs[pair.undo].function
        assert outcome_of(work, params={"reference": "A-1"}).kind == "succeeded"
        assert outcome_of(back, direction="undo").kind == "succeeded"
        late = outcome_of(work, params={"reference": "A-1"})
        assert late.failure is not None and late.failure.code == "undone"


OWN = '''"""My workers."""

from __future__ import annotations

import json
from workers import worker

# a remark
PRICES = {'a':  1}


@worker("mine")
def mine():
    return json.dumps(PRICES)
'''


def test_a_module_of_ones_own_is_added_to_and_what_is_there_stays(
    new_worker: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "shop" / "steps.py").write_text(OWN)
    said = new_worker("book_room", "--undo", "free_room", "--module", "shop/steps.py", "--category", "Rooms")
    text = (tmp_path / "shop" / "steps.py").read_text()
    assert OWN[OWN.index("# a remark") :] in text
    assert text.startswith('"""My workers."""\n\nfrom __future__ import annotations\n')
    specs = workers_of(text)
    assert set(specs) == {"mine", "book_room", "free_room"} and specs["book_room"].category == "Rooms"
    assert "from shop.steps import book_room" in (tmp_path / "tests" / "test_book_room.py").read_text()
    assert f"PYTHONPATH={tmp_path} WORKER_MODULES=shop.steps " in said


TAKEN = "from workers import worker\n\n\n@worker('mine')\ndef theirs(): ...\n\n\nbook_room = 1\n"
REFUSED = [
    (["charge_payment"], "'charge_payment' exists already, in the module workers.library.shop.payments"),
    (["book_it", "--undo", "refund_payment"], "'refund_payment' exists already"),
    (["mine", "--module", "taken.py"], "'mine' exists already, in"),
    (["theirs", "--module", "taken.py"], "'theirs' exists already, in"),
    (["book_room", "--module", "taken.py"], "'book_room' exists already, in"),
    (["9lives"], "a letter first"),
    (["a" * 81], "80 at most"),
    (["book", "--undo", "Book"], "would be one function, book"),
    (["tested"], "test_tested.py exists already and is left as it is"),
    (["fine", "--module", "broken.py"], "broken.py:2: this is no Python"),
    (["fine", "--module", "json.py"], "has a module 'json' already"),
    (["fine", "--module", "runs/mine.txt"], "a module is a file such as"),
    (["fine", "--module", "own-workers.py"], "a module is a file such as"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_what_is_refused_leaves_all_files_as_they_are(
    new_worker: Callable[..., str], tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "taken.py").write_text(TAKEN)
    (tmp_path / "broken.py").write_text("x = 1\ndef (:\n")
    (tmp_path / "test_tested.py").write_text("mine\n")
    before = contents(tmp_path)
    with pytest.raises(Refused) as refused:
        new_worker(*words)
    assert message in str(refused.value)
    assert contents(tmp_path) == before


def test_a_second_pair_shares_the_table_of_the_first(tmp_path: Path) -> None:
    for name in ("book_room", "hire_car"):
        write_pair(pair_names(name, ""), tmp_path / "mine.py", None, "", Catalog([]))
    tree = ast.parse((tmp_path / "mine.py").read_text())
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions.count("records") == 1 and len(functions) == 7
