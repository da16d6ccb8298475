"""REST calls on connections and secrets. Thin: each calls `workers.connections`. A value never comes back."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from config.accounts.authentication import callers
from config.lib.json import iso
from designer.services.uses import uses_of
from workers.connections import service
from workers.connections.checks import check
from workers.connections.models import ADDRESS_LENGTH_MAX, Connection, Secret
from workers.connections.service import ConnectionSpec

router = Router(tags=["connections"])


class ConnectionIn(BaseModel):
    """`secret`: the name of a secret. Which fields are needed follows from `kind` and `auth`."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["http", "smtp", "sql"]
    address: str
    auth: Literal["none", "basic", "bearer", "header", "query", "oauth2"] = "none"
    username: str = ""
    parameter: str = ""
    token_url: str = ""
    scope: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    secret: str = ""
    limit: str = ""
    note: str = ""


class SecretIn(BaseModel):
    """`value`: left out, the secret keeps its own, and its note alone changes."""

    model_config = ConfigDict(extra="forbid")
    value: SecretStr | None = None
    note: str = ""


class CheckIn(BaseModel):
    """Of HTTP alone; `path` stands below the connection's address."""

    model_config = ConfigDict(extra="forbid")
    method: Literal["GET", "HEAD"] = "GET"
    path: str = Field("", max_length=ADDRESS_LENGTH_MAX)


@router.get("/connections", response=dict[str, Any])
def list_connections(request: HttpRequest) -> dict[str, Any]:
    """The connections by name."""
    return {"connections": [connection_json(connection) for connection in service.connections()]}


@router.get("/connections/{name}", response=dict[str, Any])
def get_connection(request: HttpRequest, name: str) -> dict[str, Any]:
    """A connection, and the workflows whose draft or newest version names it."""
    return connection_json(service.find(name)) | {"used_by": _uses(name, request.user)}


@router.put("/connections/{name}", auth=callers("design"), response=dict[str, Any])
def put_connection(request: HttpRequest, name: str, body: ConnectionIn) -> dict[str, Any]:
    """Make a connection, or change it: calls that begin from now on use it as it is then."""
    return connection_json(service.put(name, ConnectionSpec(**body.model_dump()), request.user))


@router.delete("/connections/{name}", auth=callers("design"), response={204: None})
def remove_connection(request: HttpRequest, name: str) -> Status[None]:
    """Remove a connection; its secret stays. Steps that name it fail with `unknown_connection`."""
    service.remove(name, request.user)
    return Status(204, None)


@router.post("/connections/{name}/test", auth=callers("design"), response=dict[str, Any])
def check_connection(request: HttpRequest, name: str, body: CheckIn | None = None) -> dict[str, Any]:
    """Whether its service answers, and accepts how it is signed in. Sends no mail, and changes nothing.

    `ok`, `message`, `ms`, and `status` of an HTTP answer or `code` of why there is none.
    """
    wanted = body or CheckIn()
    checked = check(name, wanted.method, wanted.path)
    return {
        "ok": checked.is_ok,
        "message": checked.message,
        "ms": checked.ms,
        "status": checked.status,
        "code": checked.code or None,
    }


@router.get("/secrets", response=dict[str, Any])
def list_secrets(request: HttpRequest) -> dict[str, Any]:
    """The secrets by name, without their values."""
    return {"secrets": [secret_json(secret) for secret in service.secrets()]}


@router.put("/secrets/{name}", auth=callers("design"), response=dict[str, Any])
def put_secret(request: HttpRequest, name: str, body: SecretIn) -> dict[str, Any]:
    """Give a secret its value, or a new one, which the next call uses."""
    value = None if body.value is None else body.value.get_secret_value()
    return secret_json(service.put_secret(name, value, body.note, request.user))


@router.delete("/secrets/{name}", auth=callers("design"), response={204: None})
def remove_secret(request: HttpRequest, name: str) -> Status[None]:
    """Remove a secret. 409 while a connection uses it."""
    service.remove_secret(name, request.user)
    return Status(204, None)


def connection_json(connection: Connection) -> dict[str, Any]:
    names = ("name", "kind", "address", "auth", "username", "parameter", "token_url", "scope", "headers")
    return {
        **{name: getattr(connection, name) for name in names},
        "secret": connection.secret.name if connection.secret else "",
        "limit": connection.limit,
        "note": connection.note,
        **_changes(connection),
    }


def secret_json(secret: Secret) -> dict[str, Any]:
    used_by = [connection.name for connection in secret.connections.all()]
    return {"name": secret.name, "note": secret.note, "connections": used_by, **_changes(secret)}


def _changes(row: Connection | Secret) -> dict[str, Any]:
    return {
        "changed_at": iso(row.changed_at),
        "changed_by": row.changer or None,
        "used_at": iso(row.used_at),
    }


def _uses(name: str, user: Any) -> list[dict[str, Any]]:
    return [{"workflow": use.workflow, "places": list(use.places)} for use in uses_of(name, user=user)]
