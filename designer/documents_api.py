"""REST calls on texts of workflows: a file's text to a document, and a document to a file's text.

Thin. Nothing is stored; `designer.formats` reads and writes.
"""

from __future__ import annotations

from typing import Any, Literal

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import Router

from config.callers import callers
from designer import queries
from designer.document import parse
from designer.errors import DocumentRefused, FormatError
from designer.files import read_workflow
from designer.formats import WRITERS, from_json, yaml_of
from designer.graph import DOCUMENT_BYTES_MAX
from designer.models import WorkflowVersion

router = Router(tags=["workflows"])
VERSIONS_LISTED_MAX = 200
A_TEXT = {"requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}}
A_DOCUMENT = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.post("/documents/read", auth=callers("design"), response=dict[str, Any], openapi_extra=A_TEXT)
def read_document(request: HttpRequest, name: str) -> dict[str, Any]:
    """The workflow in a file's text, and its problems; the file's name says how it is written."""
    document = read_workflow(name, _text(request))
    problems = [problem.as_json() for problem in queries.problems_of(document)]
    return {"document": document, "problems": problems}


@router.post("/documents/write", openapi_extra=A_DOCUMENT)
def write_document(request: HttpRequest, format: Literal["yaml", "python"]) -> HttpResponse:
    """A document as a file's text. Python can say only what has no errors in its shape."""
    document = from_json(_text(request))
    if format == "yaml":
        text = yaml_of(document)
    else:
        graph, problems = parse(document)
        if graph is None:
            raise DocumentRefused(problems, "This cannot be written as Python before it is mended:")
        text = WRITERS["python"](graph)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@router.get("/workflows/{name}/versions", response=dict[str, Any])
def list_versions(request: HttpRequest, name: str) -> dict[str, Any]:
    """The published versions, newest first, with who published them and when."""
    found = queries.get_workflow(name).versions.select_related("published_by").defer("document", "resolved")
    return {"versions": [_line(version) for version in found[:VERSIONS_LISTED_MAX]]}


def _line(version: WorkflowVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "published_at": version.published_at.isoformat(),
        "published_by": version.published_by.get_username() if version.published_by else None,
    }


def _text(request: HttpRequest) -> str:
    """The request's body; raises `FormatError`."""
    try:
        return request.body.decode("utf-8-sig")
    except RequestDataTooBig:
        raise FormatError("too_large", f"a workflow may take {DOCUMENT_BYTES_MAX:,} bytes") from None
    except UnicodeDecodeError:
        raise FormatError("unreadable", "the file is not UTF-8 text") from None
