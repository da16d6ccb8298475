"""OpenAPI documents of connections: read, kept as operations, and searched. Pages and API call it.

What is kept is reduced to what steps are made of; the document itself is not. Reading happens in a process
of its own, which is ended when it takes too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.utils import timezone

from config.lib.apart import NoTurn, apart
from config.lib.json import json_text
from config.lib.secrets import redact
from designer.errors import DesignerError, FormatError
from designer.formats.openapi.loading import BYTES_MAX, load
from designer.formats.openapi.operations import NotOpenApi, Operation, read_api
from designer.formats.openapi.steps import form_of, name_of, params_of, undo_of
from designer.formats.openapi.undo import Proposal, proposed
from workers.connections import service
from workers.connections.errors import ConnectionRefused
from workers.connections.http import Call, CallFailed, Reply, send
from workers.connections.models import (
    ADDRESS_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    ApiDocument,
    ApiOperation,
    Connection,
)
from workers.connections.opening import open_connection

READ_CPU_S = 10.0
FETCH_S = 30.0
READ_AT_ONCE = 1
PROBLEMS_MAX = 100
PROBLEM_CHARS_MAX = 500
DETAIL_BYTES_MAX = 100_000  # of one operation
DETAILS_BYTES_MAX = 30_000_000  # of all of them
ROWS_PER_INSERT = 200
PAGE_SIZE = 100
WORDS_MAX = 10
OK = 200

_turns = BoundedSemaphore(READ_AT_ONCE)


class NoDocument(DesignerError):
    """The connection has no OpenAPI document."""

    status = 404
    code = "no_document"

    def __init__(self, name: str) -> None:
        super().__init__(f"The connection {name} has no OpenAPI document. Give it one on its page.")


class UnknownOperation(DesignerError):
    """The document has no such operation."""

    status = 404
    code = "unknown_operation"

    def __init__(self, key: str) -> None:
        super().__init__(f"The document has no operation {key!r:.120}.")


class DocumentNotFetched(DesignerError):
    """The document's address does not give it."""

    status = 422
    code = "not_fetched"


@dataclass(frozen=True)
class ReadDocument:
    """A document as it is kept; `operations` are the fields of rows."""

    title: str
    address: str
    problems: list[str]
    operations: list[dict[str, Any]]


# --- giving and removing ---


def give_address(name: str, url: str, user: Any = None) -> ApiDocument:
    """Reads the document at an address, in place of the former one. A path stands below the connection's.

    Raises UnknownConnection, DocumentNotFetched, and what `give_content` raises.
    """
    connection = _http_connection(name)
    if len(url) > ADDRESS_LENGTH_MAX:
        raise DocumentNotFetched(f"An address has at most {ADDRESS_LENGTH_MAX:,} characters.")
    with _Turn():
        return _keep(connection, _read(_fetched(connection, url)), url, user)


def give_content(name: str, content: bytes, source: str, user: Any = None) -> ApiDocument:
    """Reads a document, JSON or YAML, in place of the former one. `source`: its file's name.

    Raises UnknownConnection, ConnectionRefused, FormatError, TookTooLong, NoTurn.
    """
    connection = _http_connection(name)
    with _Turn():
        return _keep(connection, _read(content), source[:TEXT_LENGTH_MAX] or "text", user)


def remove(name: str, user: Any = None) -> None:
    """Raises UnknownConnection, NoDocument. Steps keep the params that they have."""
    document = find(name)
    with transaction.atomic():
        document.delete()
        _log(document.connection, user, "without its OpenAPI document")


def _http_connection(name: str) -> Connection:
    connection = service.find(name)
    if connection.kind != Connection.Kind.HTTP:
        raise ConnectionRefused(f"{name} is no HTTP API, so it has no OpenAPI document.")
    return connection


class _Turn:
    """Few documents are read at once: one takes memory and time."""

    def __enter__(self) -> None:
        if not _turns.acquire(blocking=False):
            raise NoTurn

    def __exit__(self, *error: object) -> None:
        _turns.release()


def _fetched(connection: Connection, url: str) -> bytes:
    """The content at an address. Only what lies below the connection's address is asked for signed in."""
    is_below = "://" not in url or (url + "/").startswith(connection.address.rstrip("/") + "/")
    opened = open_connection(connection.name, connection.kind) if is_below else None
    secrets: list[Any] = [opened.secret] if opened and opened.secret else []
    call = Call("GET", url, timeout=FETCH_S, bytes_max=BYTES_MAX)
    try:
        reply: Reply = asyncio.run(send(call, opened, lambda *values: secrets.extend(values)))
    except CallFailed as error:
        raise DocumentNotFetched(f"The document cannot be fetched: {redact(str(error), secrets)}.") from None
    if reply.status != OK:
        raise DocumentNotFetched(f"The document's address answers {reply.status}.")
    return reply.content


def _read(content: bytes) -> ReadDocument:
    return apart(read, content, cpu_s=READ_CPU_S)


def read(content: bytes) -> ReadDocument:
    """What is kept of a document's text. Raises FormatError, Unreadable."""
    try:
        api = read_api(load(content))
    except NotOpenApi as error:
        raise FormatError("not_openapi", str(error)) from None
    by_key = {operation.key: operation for operation in api.operations}
    problems, size = list(api.problems), 0
    rows: list[dict[str, Any]] = []
    for operation in api.operations:
        if len(operation.url) > ADDRESS_LENGTH_MAX:
            problems.append(f"{operation.method} {operation.url[:80]}…: its path is too long")
            continue
        detail = _detail(operation)
        length = len(json_text(detail))
        if length > DETAIL_BYTES_MAX or size + length > DETAILS_BYTES_MAX:
            problems.append(f"{operation.method} {operation.url}: its form is too large, and left out")
            detail |= {"form": {}, "params": {"method": operation.method, "url": operation.url}}
            length = 0
        size += length
        rows.append(_row(len(rows), operation, detail, proposed(operation, by_key)))
    if not rows:
        raise FormatError("not_openapi", "the document has no operations")
    told = [problem[:PROBLEM_CHARS_MAX] for problem in problems[:PROBLEMS_MAX]]
    return ReadDocument(api.title, api.address[:ADDRESS_LENGTH_MAX], told, rows)


def _detail(operation: Operation) -> dict[str, Any]:
    return {
        "name": name_of(operation),
        "description": operation.description,
        "params": params_of(operation),
        "form": form_of(operation),
        "undo": undo_of(operation),
    }


def _row(
    place: int, operation: Operation, detail: dict[str, Any], proposal: Proposal | None
) -> dict[str, Any]:
    method, url, title = operation.method, operation.url, operation.title
    return {
        "place": place,
        "key": operation.id,
        "method": method,
        "url": url,
        "title": title,
        "tag": operation.tag[:TEXT_LENGTH_MAX],
        "search": f"{title} {method} {url} {operation.id} {operation.tag}".lower(),
        "proposal": proposal and vars(proposal),
        "detail": detail,
    }


def _keep(connection: Connection, found: ReadDocument, source: str, user: Any) -> ApiDocument:
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        ApiDocument.objects.filter(connection=connection).delete()
        document = ApiDocument.objects.create(
            connection=connection,
            title=found.title,
            source=source,
            address=found.address,
            problems=found.problems,
            count=len(found.operations),
            read_at=timezone.now(),
            read_by=user if getattr(user, "pk", None) else None,
        )
        rows = (ApiOperation(document=document, **row) for row in found.operations)
        ApiOperation.objects.bulk_create(rows, batch_size=ROWS_PER_INSERT)
        _log(connection, user, f"given an OpenAPI document, {source}")
    return document


def _log(connection: Connection, user: Any, what: str) -> None:
    if getattr(user, "pk", None):
        rows = Connection.objects.filter(pk=connection.pk)
        LogEntry.objects.log_actions(
            user.pk, rows, CHANGE, f"Connection {connection} {what}", single_object=True
        )


# --- reading ---


def find(name: str) -> ApiDocument:
    """The document of a connection. Raises UnknownConnection, NoDocument."""
    document = document_of(name)
    if document is None:
        raise NoDocument(name)
    return document


def document_of(name: str) -> ApiDocument | None:
    """The document of a connection, if it has one. Raises UnknownConnection."""
    documents = ApiDocument.objects.select_related("read_by", "connection")
    return documents.filter(connection=service.find(name)).first()


def known_apis() -> list[dict[str, Any]]:
    """The connections with a document, by name: headings of the operations that steps may call."""
    rows = ApiDocument.objects.order_by("connection__name").values("connection__name", "title", "count")
    return [
        {"connection": row["connection__name"], "title": row["title"], "operations": row["count"]}
        for row in rows
    ]


def search(
    document: ApiDocument, text: str = "", after: int | None = None, method: str = "", url: str = ""
) -> tuple[list[ApiOperation], int | None]:
    """A page of operations in the document's order, and what to pass on as `after`; None at the end.

    Every word of `text` stands in the title, path, tag or id. `method` and `url` are looked for as they are.
    """
    rows = document.operations.defer("detail", "search")
    for word in text.lower().split()[:WORDS_MAX]:
        rows = rows.filter(search__contains=word)
    if method:
        rows = rows.filter(method=method)
    if url:
        rows = rows.filter(url=url)
    if after is not None:
        rows = rows.filter(place__gt=after)
    page = list(rows[: PAGE_SIZE + 1])
    return page[:PAGE_SIZE], page[PAGE_SIZE - 1].place if len(page) > PAGE_SIZE else None


def find_operation(name: str, key: str) -> ApiOperation:
    """Raises UnknownConnection, NoDocument, UnknownOperation."""
    operation = find(name).operations.filter(key=key).first()
    if operation is None:
        raise UnknownOperation(key)
    return operation


def step_of(name: str, operation: ApiOperation) -> dict[str, Any]:
    """What a step that calls an operation of the connection `name` is made of."""
    detail: Mapping[str, Any] = operation.detail
    proposal = operation.proposal
    return {
        **detail,
        "params": {"connection": name, **detail["params"]},
        "proposal": proposal and {**proposal, "params": {"connection": name, **proposal["params"]}},
    }


def host_differs(document: ApiDocument) -> bool:
    """Whether the document says another address of the API than its connection has."""
    stated, own = document.address.rstrip("/"), document.connection.address.rstrip("/")
    return bool(stated) and urlsplit(stated)[1:3] != urlsplit(own)[1:3]
