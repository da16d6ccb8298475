"""REST calls on saved tests. Thin: `service` runs, stores and records them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from designer.document.limits import TEST_NAME_LENGTH_MAX
from designer.services.saved_tests import digest_of, tests_of
from designer.web.api import IfMatch
from runs.saved_tests import service

router = Router(tags=["workflows"])


class TestsIn(BaseModel):
    __test__ = False  # no test of pytest's
    model_config = ConfigDict(extra="forbid")
    tests: list[dict[str, Any]]


class RunTestsIn(BaseModel):
    """`tests`: other tests than the stored ones. `only`: the names of those to run."""

    model_config = ConfigDict(extra="forbid")
    tests: list[dict[str, Any]] | None = None
    only: list[str] | None = None


class RecordIn(BaseModel, extra="forbid"):
    run: UUID
    name: str = Field(min_length=1, max_length=TEST_NAME_LENGTH_MAX)


@router.get("/workflows/{name}/tests", response=dict[str, Any])
def get_tests(request: HttpRequest, response: HttpResponse, name: str) -> dict[str, Any]:
    """The saved tests of a workflow, in their order. The ETag is for PUT."""
    return _listed(response, tests_of(name))


@router.put("/workflows/{name}/tests", auth=callers("design"), response=dict[str, Any])
def put_tests(
    request: HttpRequest, response: HttpResponse, name: str, body: TestsIn, if_match: IfMatch = None
) -> dict[str, Any]:
    """Replaces the saved tests of a workflow; with `If-Match` only if they are still those that were read.

    A mock `{"recorded": RUN}` is replaced by what the step gave in that run. 422 with `problems`; 412 when
    somebody else changed the tests first.
    """
    digest = None if if_match is None else if_match.strip().removeprefix("W/").strip('"')
    return _listed(response, service.store(name, body.tests, digest, request.user))


@router.post("/workflows/{name}/tests/run", auth=callers("design"), response=dict[str, Any])
def run_tests(
    request: HttpRequest, name: str, body: Annotated[RunTestsIn | None, Body()] = None
) -> dict[str, Any]:
    """Runs the saved tests on the draft, or on the newest version where there is none. No worker is called.

    A body is not needed. Each result has `passed`, and `reasons` and the `story` of the run where it did not.
    409 with `problems` when the draft has errors.
    """
    given = body or RunTestsIn()
    results = service.run_on_draft(name, given.tests, given.only, request.user)
    passed = sum(result["passed"] for result in results)
    return {"passed": passed, "failed": len(results) - passed, "results": results}


@router.post("/workflows/{name}/tests/record", auth=callers("design"), response={201: dict[str, Any]})
def record_test(request: HttpRequest, name: str, body: RecordIn) -> Status[dict[str, Any]]:
    """Makes a test of a run of this workflow that has ended, and stores it; one of its name is replaced.

    Its input, outputs, errors, signals and answers become the test's, its end what the test expects.
    """
    return Status(201, {"test": service.store_run(name, body.run, body.name, request.user)})


def _listed(response: HttpResponse, tests: list[dict[str, Any]]) -> dict[str, Any]:
    digest = digest_of(tests)
    response["ETag"] = f'"{digest}"'
    return {"tests": tests, "digest": digest}
