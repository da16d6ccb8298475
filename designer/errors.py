"""Refusals of the designer: a person can act on each. The docstring is the default message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designer.problems import Problem

PROBLEMS_NAMED_MAX = 5
NAME_SHOWN_MAX = 80


class DesignerError(Exception):
    """The designer refused."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class ExpressionError(DesignerError):
    """The expression is wrong."""


class UnknownVariable(ExpressionError):
    """The expression uses a name that does not exist."""


class FormatError(DesignerError):
    """The file cannot be read as a workflow."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ProblemsError(DesignerError):
    """The definition has problems."""

    def __init__(self, problems: Sequence[Problem], message: str | None = None) -> None:
        self.problems = list(problems)
        named = "; ".join(str(problem) for problem in self.problems[:PROBLEMS_NAMED_MAX])
        left_out = len(self.problems) - PROBLEMS_NAMED_MAX
        more = f"; and {left_out} more" if left_out > 0 else ""
        super().__init__(f"{message or self.__doc__} {named}{more}".strip())


class DocumentRefused(ProblemsError):
    """The document cannot be stored."""


class PublishRefused(ProblemsError):
    """The workflow cannot be published."""


class TrialRefused(ProblemsError):
    """The draft cannot be tried."""


class BuildError(ProblemsError):
    """The built workflow is wrong."""


class UnknownWorkflow(DesignerError):
    """There is no such workflow."""

    def __init__(self, name: str, number: int | None = None) -> None:
        version = f" with a version {number}" if number is not None else ""
        super().__init__(f"There is no workflow '{name[:NAME_SHOWN_MAX]}'{version}.")
        self.name = name
        self.number = number


class UnknownStep(DesignerError):
    """There is no such step."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no step '{name[:NAME_SHOWN_MAX]}'.")


class NoPlan(DesignerError):
    """The steps go round in a circle, so nobody can say what would be undone; mend that first."""

    code = "no_plan"


class NotPublished(DesignerError):
    """The workflow has no published version."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The workflow '{name}' is not published yet; publish its draft first.")
        self.name = name


class UnknownWorker(DesignerError):
    """There is no such worker."""

    def __init__(self, worker: str) -> None:
        super().__init__(f"There is no worker '{worker}'.")
        self.worker = worker


class StaleDraft(DesignerError):
    """Somebody else saved the draft first."""

    def __init__(self, current: Mapping[str, Any], revision: int, yours: Mapping[str, Any]) -> None:
        super().__init__()
        self.current = current
        self.revision = revision
        self.yours = yours


class RevisionNeeded(DesignerError):
    """Say in the header If-Match which revision of the draft was edited; 0 for a new workflow."""

    code = "revision_needed"
