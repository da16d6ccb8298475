"""Errors of the designer. All are refusals that a person can act on; the docstring is the default message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.lib.errors import SagaboardError
from config.lib.json_reader import BadJson
from designer.problems import Problem

PROBLEMS_NAMED_MAX = 5
NAME_SHOWN_MAX = 80


class DesignerError(SagaboardError):
    """The designer refused."""


class ExpressionError(DesignerError):
    """The expression is wrong."""


class UnknownVariable(ExpressionError):
    """The expression uses a name that does not exist."""


class FormatError(DesignerError):
    """The file cannot be read as a workflow."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DocumentUnreadable(FormatError):
    """The document's JSON holds what no document can hold."""

    status = 422

    def __init__(self, error: BadJson) -> None:
        super().__init__(error.code, str(error))
        self.problems = error.problems


class ProblemsError(DesignerError):
    """The definition has problems."""

    def __init__(self, problems: Sequence[Problem], message: str | None = None) -> None:
        self.problems = list(problems)
        named = "; ".join(str(problem) for problem in self.problems[:PROBLEMS_NAMED_MAX])
        left_out = len(self.problems) - PROBLEMS_NAMED_MAX
        more = f"; and {left_out} more" if left_out > 0 else ""
        super().__init__(f"{message or self.__doc__} {named}{more}".strip())

    def facts(self) -> dict[str, Any]:
        return {"problems": [problem.as_json() for problem in self.problems]} if self.problems else {}


class DocumentRefused(ProblemsError):
    """The document cannot be stored."""

    status = 422


class PublishRefused(ProblemsError):
    """The workflow cannot be published."""

    status = 409


class NotProven(DesignerError):
    """This workflow is published only with a proof of what is published, and there is none that holds."""

    status = 409
    code = "not_proven"


class TestsRefused(ProblemsError):
    """The tests cannot be read."""

    __test__ = False  # no test of pytest's
    status = 422


class StaleTests(DesignerError):
    """Somebody else changed the tests of this workflow first; read them again."""

    status = 412
    code = "stale_tests"


class TestsFailed(DesignerError):
    """Tests of this workflow fail. Mend it or them, or publish despite them."""

    __test__ = False
    status = 409
    code = "tests_failed"

    def __init__(self, failed: Sequence[tuple[str, str]]) -> None:
        """`failed`: the names of the tests, each with the reason."""
        self.failed = list(failed)
        told = "; ".join(f"{name}: {reason}" for name, reason in self.failed[:PROBLEMS_NAMED_MAX])
        left_out = len(self.failed) - PROBLEMS_NAMED_MAX
        more = f"; and {left_out} more" if left_out > 0 else ""
        super().__init__(f"{self.__doc__} {told}{more}")

    def facts(self) -> dict[str, Any]:
        return {"tests": [{"name": name, "reason": reason} for name, reason in self.failed]}


class TrialRefused(ProblemsError):
    """The draft cannot be tried."""

    status = 409


class BuildError(ProblemsError):
    """The built workflow is wrong."""


class UnknownWorkflow(DesignerError):
    """There is no such workflow."""

    status = 404

    def __init__(self, name: str, number: int | None = None) -> None:
        version = f" with a version {number}" if number is not None else ""
        super().__init__(f"There is no workflow '{name[:NAME_SHOWN_MAX]}'{version}.")
        self.name = name
        self.number = number


class UnknownStep(DesignerError):
    """There is no such step."""

    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no step '{name[:NAME_SHOWN_MAX]}'.")


class NoPlan(DesignerError):
    """The steps go round in a circle, so nobody can say what would be undone; mend that first."""

    status = 409
    code = "no_plan"


class NotPublished(DesignerError):
    """The workflow has no published version."""

    status = 404

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

    status = 412

    def __init__(self, current: Mapping[str, Any], revision: int, yours: Mapping[str, Any]) -> None:
        super().__init__()
        self.current = current
        self.revision = revision
        self.yours = yours

    def facts(self) -> dict[str, Any]:
        return {"revision": self.revision, "current": self.current, "yours": self.yours}


class RevisionNeeded(DesignerError):
    """Say in the header If-Match which revision of the draft was edited; 0 for a new workflow."""

    status = 428
    code = "revision_needed"
