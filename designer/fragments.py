"""The document of a single step, as dynamic workers return it and journals keep it. PURE."""

from __future__ import annotations

from designer.document import read_step
from designer.errors import DocumentRefused
from designer.graph import Step
from designer.problems import Problems


def parse_step(document: object, path: str = "") -> Step:
    """The step of a document. Raises DocumentRefused, naming every problem."""
    problems = Problems()
    step = read_step(document, path, problems.error)
    if problems.found:
        raise DocumentRefused(problems.found)
    return step
