"""REST calls on workflows, drafts, versions, and the workers that steps may use.

Transport only: each checks permissions, then calls a service or a query. Documents are parsed by
`designer.formats.formats`, so that calls and files have the same limits.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import Body, Header, Query, Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from config.lib.apart import apart
from config.lib.json_reader import check_json_type
from designer.analysis.what_if import preview
from designer.document.document import parse, with_schema
from designer.document.limits import DOCUMENT_BYTES_MAX, VERSION_NOTE_LENGTH_MAX
from designer.errors import DocumentRefused, FormatError, RevisionNeeded, TestsFailed
from designer.formats.formats import WRITERS, from_json, yaml_of
from designer.formats.uploads import read_workflow
from designer.models import Workflow, WorkflowVersion
from designer.problems import Problem
from designer.services import queries, workflows
from designer.services.folder_rights import barred, require_workflow
from designer.services.shelf import delete_draft
from designer.services.worker_catalog import described_workers
from designer.web.page_data import PAGE_SIZE, Shelf, workflows_by_name
from workers.registry import get_catalog

router = Router(tags=["workflows"])
VERSIONS_MAX = 200
WORKFLOWS_MAX = 200
REVISION = re.compile(r'(?:W/)?"?(\d{1,9})"?', re.ASCII)
A_DOCUMENT = {"type": "object", "description": "A workflow's document, `schema: 1`"}
DOCUMENT_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": A_DOCUMENT}}},
}
IfMatch = Annotated[str | None, Header(alias="If-Match")]


@router.get("/workflows", response=dict[str, Any])
def list_workflows(
    request: HttpRequest,
    q: str = "",
    after: str = "",
    folder: int | None = None,
    archived: bool = False,
    favourites: bool = False,
    examples: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=WORKFLOWS_MAX)] = PAGE_SIZE,
) -> dict[str, Any]:
    """By name, in keyset pages; pass `next` on as `after`.

    `folder`: those of that folder, 0 for those in none. `archived` lists the archive instead; `favourites`
    those of the caller; `examples` the shipped ones alone, or all but them.
    """
    fan = request.user if favourites else None
    shelf = Shelf(q.strip().replace("\x00", ""), folder, archived, fan, examples, request.user)
    rows: list[Any] = list(workflows_by_name(shelf, after)[: limit + 1])  # annotated
    page = rows[:limit]
    next_name = page[-1].name if len(rows) > limit else None
    listed = [
        _identity(workflow) | {"version": workflow.latest, "description": workflow.description or ""}
        for workflow in page
    ]
    return {"workflows": listed, "next": next_name}


@router.post(
    "/workflows/validate", auth=callers("design"), response=dict[str, Any], openapi_extra=DOCUMENT_BODY
)
def validate(request: HttpRequest) -> dict[str, Any]:
    """Every problem of a document; stores nothing."""
    return {
        "problems": _problems(apart(queries.problems_of, _body(request), None, barred(request.user, "view")))
    }


@router.get("/workflows/validate", response=dict[str, Any], include_in_schema=False)
def get_workflow_named_validate(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """The word is a workflow's name as well."""
    require_workflow(request.user, "view", "validate")
    return get_workflow(request, response, "validate")


@router.get("/workflows/{name}", response=dict[str, Any])
def get_workflow(request: HttpRequest, response: HttpResponse, name: str) -> dict[str, Any]:
    """A workflow with its draft; `document` is what would be edited next. Its ETag is the revision."""
    workflow = queries.get_workflow(name)
    numbers = workflow.versions.values_list("number", flat=True)[:VERSIONS_MAX]
    response["ETag"] = f'"{workflow.draft_revision}"'
    return _identity(workflow) | {
        "draft": workflow.draft,
        "document": queries.document_of(workflow),
        "versions": list(numbers),
    }


@router.get("/workflows/{name}/versions/{int:number}", response=dict[str, Any])
def get_version(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    """A published version: `document` as written, `resolved` with every default filled in."""
    return _version(queries.get_version(name, number))


@router.put(
    "/workflows/{name}/draft", auth=callers("design"), response=dict[str, Any], openapi_extra=DOCUMENT_BODY
)
def save_draft(
    request: HttpRequest, response: HttpResponse, name: str, if_match: IfMatch = None
) -> dict[str, Any]:
    """Saves the draft, errors and all. `If-Match` is the revision that was edited, 0 for a new workflow.

    412 with `current`, `yours` and `revision` when somebody else saved first; 428 without `If-Match`.
    """
    saved = workflows.save_draft(name, _body(request), _revision(if_match), request.user)
    response["ETag"] = f'"{saved.revision}"'
    return {"name": name, "revision": saved.revision, "problems": _problems(saved.problems)}


@router.delete("/workflows/{name}/draft", auth=callers("design"), response={204: None})
def discard_draft(request: HttpRequest, name: str, if_match: IfMatch = None) -> Status[None]:
    """Forgets the draft of that revision: the newest version is what is edited next."""
    workflows.discard_draft(name, _revision(if_match))
    return Status(204, None)


@router.get("/workflows/{name}/draft/coverage", response=dict[str, Any])
def get_coverage_of_draft(
    request: HttpRequest, response: HttpResponse, name: str, step: str
) -> dict[str, Any]:
    """What would be undone, in which order, and what would remain if `step` failed for good.

    Of the draft, or of the newest version where there is none. `answer` says what the failure leads
    to by itself: `compensate`, `continue`, `pause` or `pivot` (a person is asked). Undos of one
    `place` go on together; what is not `sure` may have been skipped; `maybe` are parallel steps.
    A step of a body is named by its path, `outer/inner`; `around` says what follows for the steps around it.
    """
    workflow = queries.get_workflow(name)
    response["ETag"] = f'"{workflow.draft_revision}"'
    return preview(queries.document_of(workflow), step, get_catalog())


@router.get("/workflows/{name}/versions/{int:number}/coverage", response=dict[str, Any])
def get_coverage_of_version(request: HttpRequest, name: str, number: int, step: str) -> dict[str, Any]:
    """The same of a published version."""
    return preview(queries.get_version(name, number).resolved, step, get_catalog())


class PublishIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    note: str = Field("", max_length=VERSION_NOTE_LENGTH_MAX)
    despite_failed_tests: bool = False


@router.post("/workflows/{name}/publish", auth=callers("design"), response={201: dict[str, Any]})
def publish(
    request: HttpRequest,
    name: str,
    body: Annotated[PublishIn | None, Body()] = None,
    if_match: IfMatch = None,
) -> Status[dict[str, Any]]:
    """Makes the draft the next version; with `If-Match` only if it still has that revision.

    A body is not needed. Its `note` says what is new in the version.

    409 with `problems` when it may not be published, and with the code `tests_failed` and `tests` when saved
    tests fail; with `despite_failed_tests` it is published all the same.
    """
    given = body or PublishIn()
    despite = frozenset({TestsFailed.code} if given.despite_failed_tests else ())
    version = workflows.publish(name, request.user, revision_of(if_match), given.note, despite)
    return Status(201, _version(version))


@router.get("/catalog", response=dict[str, Any])
def get_catalog_of_workers(request: HttpRequest) -> dict[str, Any]:
    """The workers that steps may use, as their decorators describe them."""
    return {"workers": described_workers()}


def _body(request: HttpRequest) -> Any:
    """The body as JSON; raises `FormatError` or `NotSupported`."""
    check_json_type(request.headers.get("content-type", ""))
    return from_json(_text(request))


def revision_of(if_match: str | None) -> int | None:
    """The revision in an If-Match header; None without the header. Raises `RevisionNeeded` if malformed."""
    return None if if_match is None else _revision(if_match)


def _revision(if_match: str | None) -> int:
    match = REVISION.fullmatch((if_match or "").strip())
    if match is None:
        raise RevisionNeeded
    return int(match[1])


def _problems(problems: list[Problem]) -> list[dict[str, str]]:
    return [problem.as_json() for problem in problems]


def _identity(workflow: Workflow) -> dict[str, Any]:
    return {
        "name": workflow.name,
        "title": workflow.title,
        "revision": workflow.draft_revision,
        "is_pattern": workflow.is_pattern,
        "folder": workflow.folder.name if workflow.folder else None,
        "archived_at": workflow.archived_at.isoformat() if workflow.archived_at else None,
        "updated_at": workflow.updated_at.isoformat(),
        "updated_by": workflow.editor or None,
    }


def _version(version: WorkflowVersion) -> dict[str, Any]:
    return {
        "workflow": version.workflow.name,
        "version": version.number,
        "document": version.document,
        "resolved": version.resolved,
        "published_at": version.published_at.isoformat(),
        "published_by": version.publisher or None,
        "note": version.note,
    }


VERSIONS_LISTED_MAX = 200


A_TEXT: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
}


WRITTEN_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.post("/documents/read", auth=callers("design"), response=dict[str, Any], openapi_extra=A_TEXT)
def read_document(request: HttpRequest, name: str) -> dict[str, Any]:
    """The workflow in a file's text, and its problems; the file's name says how it is written.

    A state machine of Amazon States Language is read as a draft, and `report` says what became of each
    state: `mapped`, `approximated` or `not_possible`.
    """
    known = queries.workflow_names(request.user)
    return apart(_read, name, _text(request), known, barred(request.user, "view"))


def _read(name: str, text: str, known: frozenset[str], hidden: frozenset[int]) -> dict[str, Any]:
    brought = read_workflow(name, text, known)
    report = {} if brought.report is None else {"report": brought.report.as_json()}
    problems = _problems(queries.problems_of(brought.document, None, hidden))
    return {"document": with_schema(brought.document), "problems": problems, **report}


@router.post("/documents/write", openapi_extra=WRITTEN_BODY)
def write_document(request: HttpRequest, format: Literal["yaml", "python"]) -> HttpResponse:
    """A document as a file's text. Python can say only what has no errors in its shape."""
    document = _body(request)
    if format == "yaml":
        text = yaml_of(document)
    else:
        graph, problems = parse(document)
        if graph is None:
            raise DocumentRefused(problems, "This cannot be written as Python before it is mended:")
        text = WRITERS["python"](graph)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@router.delete("/workflows/{name}", auth=callers("design"), response={204: None})
def delete_workflow(request: HttpRequest, name: str) -> Status[None]:
    """Deletes a draft that was never published; 409 for any other workflow."""
    delete_draft(name)
    return Status(204, None)


@router.get("/workflows/{name}/versions", response=dict[str, Any])
def list_versions(
    request: HttpRequest, name: str, limit: Annotated[int, Query(ge=1, le=VERSIONS_MAX)] = VERSIONS_MAX
) -> dict[str, Any]:
    """The published versions, newest first, with who published them and when."""
    versions = (
        queries.get_workflow(name).versions.select_related("published_by").defer("document", "resolved")
    )
    listed = [
        {
            "version": version.number,
            "published_at": version.published_at.isoformat(),
            "published_by": version.publisher or None,
            "note": version.note,
        }
        for version in versions[:VERSIONS_LISTED_MAX]
    ]
    return {"versions": listed}


def _text(request: HttpRequest) -> str:
    """The body as text; raises `FormatError`."""
    try:
        return request.body.decode("utf-8-sig")
    except RequestDataTooBig:
        raise FormatError("too_large", f"a workflow may take {DOCUMENT_BYTES_MAX:,} bytes") from None
    except UnicodeDecodeError:
        raise FormatError("unreadable", "the file is not UTF-8 text") from None
