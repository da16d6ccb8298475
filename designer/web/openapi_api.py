"""REST calls on the OpenAPI documents of connections. Thin: each calls `designer.services.openapi`."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.accounts.authentication import callers
from config.lib.json import iso
from designer.services import openapi
from workers.connections.models import ADDRESS_LENGTH_MAX, TEXT_LENGTH_MAX, ApiDocument, ApiOperation

router = Router(tags=["connections"])
Cursor = Annotated[int | None, Query(ge=0, lt=2**31)]


class DocumentIn(BaseModel):
    """`url`: where the document is, also as a path below the connection's address; or `text`: itself."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field("", max_length=ADDRESS_LENGTH_MAX)
    text: str = ""
    source: str = Field("", max_length=TEXT_LENGTH_MAX, description="The name of the text's file.")

    @model_validator(mode="after")
    def _is_one(self) -> DocumentIn:
        if bool(self.url) == bool(self.text):
            raise ValueError("state url or text")
        return self


@router.get("/connections/{name}/document", response=dict[str, Any])
def get_document(request: HttpRequest, name: str) -> dict[str, Any]:
    """What was read of a connection's OpenAPI document: when, from where, and what was left out."""
    return document_json(openapi.find(name))


@router.put("/connections/{name}/document", auth=callers("design"), response=dict[str, Any])
def put_document(request: HttpRequest, name: str, body: DocumentIn) -> dict[str, Any]:
    """Give a connection its OpenAPI document (2.0, 3.0, 3.1; JSON or YAML), or a newer one in its place."""
    if body.url:
        return document_json(openapi.give_address(name, body.url, request.user))
    content = body.text.encode(errors="replace")
    return document_json(openapi.give_content(name, content, body.source, request.user))


@router.delete("/connections/{name}/document", auth=callers("design"), response={204: None})
def remove_document(request: HttpRequest, name: str) -> Status[None]:
    """Forget a connection's OpenAPI document. Steps made from it stay as they are."""
    openapi.remove(name, request.user)
    return Status(204, None)


@router.get("/connections/{name}/operations", response=dict[str, Any])
def list_operations(
    request: HttpRequest, name: str, q: str = "", method: str = "", url: str = "", cursor: Cursor = None
) -> dict[str, Any]:
    """The operations of a connection's document, a page at a time; pass `next` on as `cursor`.

    `q`: words of the title, path, tag or id. `method` and `url` find the one that a step calls.
    """
    document = openapi.document_of(name)
    page, next_place = openapi.search(document, q, cursor, method, url) if document else ([], None)
    return {"operations": [operation_json(operation) for operation in page], "next": next_place}


@router.get("/connections/{name}/operations/{operation}", response=dict[str, Any])
def get_operation(request: HttpRequest, name: str, operation: str) -> dict[str, Any]:
    """An operation as a step: `params` of `http_request` to begin with, and `form`, the schema of its fields.

    `undo` is `none` where it only reads. `proposal` is a guess at how it is undone, with `why`; in its params
    `{path.NAME}` stands for what the step itself has there.
    """
    found = openapi.find_operation(name, operation)
    return operation_json(found) | openapi.step_of(name, found)


def document_json(document: ApiDocument) -> dict[str, Any]:
    return {
        "title": document.title,
        "source": document.source,
        "address": document.address,
        "operations": document.count,
        "problems": document.problems,
        "read_at": iso(document.read_at),
        "read_by": document.reader or None,
    }


def operation_json(operation: ApiOperation) -> dict[str, Any]:
    return {
        "id": operation.key,
        "title": operation.title,
        "method": operation.method,
        "url": operation.url,
        "tag": operation.tag,
        "has_proposal": operation.proposal is not None,
    }
