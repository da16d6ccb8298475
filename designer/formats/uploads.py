"""Reads workflow files that people upload, and those that commands are given. PURE.

A machine of Amazon States Language is known by its file's name (`….asl.json`) or by what it holds, and comes
with a report. Python files are not read from uploads: reading one means running it, which is left to the
command line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designer.document.document import parse, storage_problem
from designer.errors import DocumentRefused, FormatError
from designer.formats.asl.importing import import_machine
from designer.formats.asl.machine import is_machine, machine_of
from designer.formats.asl.report import Report
from designer.formats.formats import from_json, from_yaml, load_file, read_text
from designer.problems import truncate
from designer.saved_tests.files import TestFile, beside, parse_file

READERS = {"json": from_json, "yaml": from_yaml, "yml": from_yaml, "asl": from_json}
WORKFLOW_KEYS = ("schema", "steps")
_MACHINE_NAME = re.compile(r"(.*?)\.asl(\.(json|ya?ml))?", re.IGNORECASE)
_BARE_PLACEHOLDER = re.compile(r"([:\[,]\s*)(\$\{[^{}\"\n]*\})(?=\s*[,\]}])")


@dataclass(frozen=True)
class Brought:
    """The document of a file; its steps may have problems. The report is about a machine that it was made
    from.
    """

    document: Any
    report: Report | None = None


def read_workflow(
    file_name: str, text: str, workflows: Collection[str] = (), accepts_undo: bool = False
) -> Brought:
    """Returns the document in a file's text. `workflows` and `accepts_undo` are for machines.

    Raises FormatError for a text that is no workflow of a known schema, DocumentRefused for a document that
    could not be stored.
    """
    suffix = file_name.rpartition(".")[2].lower()
    if suffix not in READERS:
        raise FormatError(
            "unknown_format",
            f"{truncate(file_name)} is no workflow's file: its name ends in .json, .yaml, .yml or .asl",
        )
    document = _read(file_name, text)
    if _is_machine(file_name, document):
        return _brought_machine(file_name, document, workflows, accepts_undo)
    if not isinstance(document, Mapping):
        raise FormatError("no_workflow", f"a workflow is an object with steps; this is {truncate(document)}")
    if refusal := storage_problem(document):
        raise DocumentRefused([refusal])
    if not any(key in document for key in WORKFLOW_KEYS):
        raise FormatError("no_workflow", "this is no workflow: it has neither 'schema' nor 'steps'")
    unknown = next((problem for problem in parse(document)[1] if problem.code == "unknown_schema"), None)
    if unknown is not None:
        raise FormatError(unknown.code, unknown.message)
    return Brought(dict(document))


def load_workflows(path: Path, workflows: Collection[str] = (), accepts_undo: bool = False) -> list[Brought]:
    """Returns the documents in a file on disk; a Python file may build several. Raises FormatError."""
    if path.suffix in (".json", ".yaml", ".yml", ".asl"):
        document = _read(path.name, read_text(path))
        if _is_machine(path.name, document):
            return [_brought_machine(path.name, document, workflows, accepts_undo)]
    return [Brought(document) for document in load_file(path)]


def load_tests(path: Path) -> TestFile:
    """Returns the saved tests in a file on disk. Raises FormatError or TestsRefused."""
    return parse_file(_read(path.name, read_text(path)))


def load_tests_beside(path: Path) -> TestFile | None:
    """Returns the saved tests beside the file of a workflow, if there are any. Raises as `load_tests`."""
    place = beside(path)
    return None if place is None else load_tests(place)


def _read(file_name: str, text: str) -> Any:
    """The value of a text. In a machine `${Placeholders}` may stand where a number belongs."""
    read = READERS[file_name.rpartition(".")[2].lower()]
    try:
        return read(text)
    except FormatError:
        quoted = _BARE_PLACEHOLDER.sub(r'\1"\2"', text)
        if quoted == text or '"StartAt"' not in text:
            raise
        return read(quoted)


def _is_machine(file_name: str, document: object) -> bool:
    return is_machine(document) or _MACHINE_NAME.fullmatch(file_name) is not None


def _brought_machine(
    file_name: str, document: object, workflows: Collection[str], accepts_undo: bool
) -> Brought:
    found = _MACHINE_NAME.fullmatch(file_name)
    title = found[1] if found else file_name.rpartition(".")[0]
    draft, report = import_machine(machine_of(document), title or "machine", workflows, accepts_undo)
    if refusal := storage_problem(draft):
        raise DocumentRefused([refusal])
    return Brought(draft, report)
