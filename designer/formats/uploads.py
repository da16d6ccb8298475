"""A workflow from a file that a person brings in: read, or refused with what is wrong with the file.

PURE. Python files are left to the command line: reading one means running it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.document import parse, refused
from designer.errors import DocumentRefused, FormatError
from designer.formats.formats import from_json, from_yaml
from designer.problems import truncate

READERS = {"json": from_json, "yaml": from_yaml, "yml": from_yaml}
OF_A_WORKFLOW = ("schema", "steps")


def read_workflow(file_name: str, text: str) -> dict[str, Any]:
    """The document in a file's text, errors of its steps and all.

    Raises `FormatError` for what is no workflow of this product's schema, `DocumentRefused` for what
    could not be stored.
    """
    suffix = file_name.rpartition(".")[2].lower()
    if suffix not in READERS:
        said = f"{truncate(file_name)} is no workflow's file: its name ends in .json, .yaml or .yml"
        raise FormatError("unknown_format", said)
    document = READERS[suffix](text)
    if not isinstance(document, Mapping):
        raise FormatError("no_workflow", f"a workflow is an object with steps; this is {truncate(document)}")
    if refusal := refused(document):
        raise DocumentRefused([refusal])
    if not any(key in document for key in OF_A_WORKFLOW):
        raise FormatError("no_workflow", "this is no workflow: it has neither 'schema' nor 'steps'")
    wrong = next((found for found in parse(document)[1] if found.code == "unknown_schema"), None)
    if wrong is not None:
        raise FormatError(wrong.code, wrong.message)
    return dict(document)
