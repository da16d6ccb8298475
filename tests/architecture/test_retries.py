"""Only the browser suite retries a failed test, at most twice in a run, and says so at the run's end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules

RETRYING = {"tests/e2e/retries.py", "tests/architecture/test_retries.py"}
WORDS = ("mark.flaky", "--reruns", "--force-reruns")
CONFTEST = """
from pathlib import Path
from tests.e2e.retries import allow_retries

def pytest_collection_modifyitems(items):
    allow_retries(items, Path(__file__).parent / "browser")
"""
FLAKY = """
from pathlib import Path

import pytest

@pytest.mark.parametrize("number", range({count}))
def test_flaky(number):
    failed_before = Path(__file__).with_name(f"failed-{{number}}")
    if not failed_before.exists():
        failed_before.touch()
        raise AssertionError("a missed gesture")
"""


def run(folder: Path, **flaky: int) -> subprocess.CompletedProcess[str]:
    """Two processes under this repository's settings play suites of tests that each fail the first time."""
    (folder / "conftest.py").write_text(CONFTEST)
    for suite, count in flaky.items():
        (folder / suite).mkdir()
        (folder / suite / "test_flaky.py").write_text(FLAKY.format(count=count))
    words = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "no:cacheprovider", "-n", "2"]
    return subprocess.run([*words, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)


def test_two_retries_are_allowed_and_printed(tmp_path: Path) -> None:
    done = run(tmp_path, browser=2)
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    _, _, summary = done.stdout.partition("rerun test summary info")
    assert summary.count("RERUN ") == summary.count("AssertionError: a missed gesture") == 2


def test_a_third_failure_is_final_in_any_process_and_so_is_each_of_another_suite(tmp_path: Path) -> None:
    done = run(tmp_path, browser=4, other=1)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "3 failed, 2 passed, 2 rerun" in done.stdout
    retried = [line for line in done.stdout.splitlines() if line.startswith("RERUN ")]
    assert len(retried) == 2 and not any("other" in line for line in retried)


def test_no_other_file_asks_for_retries() -> None:
    files = [*modules("tests"), Path("pyproject.toml"), Path("Makefile")]
    asking = {str(path) for path in files if any(word in (ROOT / path).read_text() for word in WORDS)}
    assert asking == RETRYING
