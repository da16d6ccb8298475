"""Reads workflow files that people upload. PURE.

Python files are not among them: reading one means running it, which is left to the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.document import parse, storage_problem
from designer.errors import DocumentRefused, FormatError
from designer.formats.formats import from_json, from_yaml
from designer.problems import truncate

READERS = {"json": from_json, "yaml": from_yaml, "yml": from_yaml}
WORKFLOW_KEYS = ("schema", "steps")


def read_workflow(file_name: str, text: str) -> dict[str, Any]:
    """Returns the document in a file's text; its steps may have problems.

    Raises FormatError for a text that is no workflow of a known schema, DocumentRefused for a document that
    could not be stored.
    """
    suffix = file_name.rpartition(".")[2].lower()
    if suffix not in READERS:
        raise FormatError(
            "unknown_format",
            f"{truncate(file_name)} is no workflow's file: its name ends in .json, .yaml or .yml",
        )
    document = READERS[suffix](text)
    if not isinstance(document, Mapping):
        raise FormatError("no_workflow", f"a workflow is an object with steps; this is {truncate(document)}")
    if refusal := storage_problem(document):
        raise DocumentRefused([refusal])
    if not any(key in document for key in WORKFLOW_KEYS):
        raise FormatError("no_workflow", "this is no workflow: it has neither 'schema' nor 'steps'")
    unknown = next((problem for problem in parse(document)[1] if problem.code == "unknown_schema"), None)
    if unknown is not None:
        raise FormatError(unknown.code, unknown.message)
    return dict(document)
