"""Files of saved tests: `NAME.tests.yaml` or `NAME.tests.json`, beside the definition of the workflow. PURE.

A file holds `{workflow: NAME, tests: [...]}`. It is a file of its own, so that the definition stays one
document, which every reader of YAML reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designer.errors import FormatError, TestsRefused
from designer.problems import Problem, suggestion, truncate
from designer.saved_tests.model import SavedTest
from designer.saved_tests.reading import dump_tests, read_tests

SUFFIXES = (".tests.yaml", ".tests.yml", ".tests.json")
KEYS = ("workflow", "tests")


@dataclass(frozen=True, slots=True)
class TestFile:
    """`workflow`: the name of the workflow that they are for; empty if the file does not say it."""

    __test__ = False  # no test of pytest's

    workflow: str
    tests: tuple[SavedTest, ...]

    def of(self, workflow: str) -> tuple[SavedTest, ...] | None:
        """Returns the tests if they are for that workflow."""
        return self.tests if self.workflow in ("", workflow) else None


def is_test_file(path: Path) -> bool:
    return path.name.endswith(SUFFIXES)


def beside(path: Path) -> Path | None:
    """Returns the file of tests beside the file of a workflow, if there is one."""
    stem = path.name.partition(".")[0]
    places = (path.with_name(f"{stem}{suffix}") for suffix in SUFFIXES)
    return next((place for place in places if place.is_file()), None)


def parse_file(document: Any) -> TestFile:
    """Returns the tests in the document of a file. Raises FormatError or TestsRefused."""
    if not isinstance(document, Mapping):
        message = f"a file of tests is an object with `tests`; this is {truncate(document)}"
        raise FormatError("no_tests", message)
    for key in document:
        if key not in KEYS:
            message = f"{truncate(key)} is not a field of a file of tests{suggestion(key, KEYS)}"
            raise FormatError("unknown_field", message)
    workflow = document.get("workflow")
    if workflow is not None and not isinstance(workflow, str):
        raise TestsRefused([Problem("bad_type", "workflow", "the name of a workflow is needed")])
    tests, problems = read_tests(document.get("tests"))
    if problems:
        raise TestsRefused(problems)
    return TestFile(workflow or "", tuple(tests))


def dump_file(workflow: str, tests: Sequence[SavedTest]) -> dict[str, Any]:
    return {"workflow": workflow, "tests": dump_tests(tests)}
