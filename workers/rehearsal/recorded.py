"""What earlier runs gave, and rehearsal addresses of connections: read from the real database, once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from designer.document.graph import Graph
from runs.machine.states import StepStatus
from runs.models import StepRun
from runs.queries.runs import load
from workers.connections.models import Connection
from workers.registry import get_catalog

RECORDS_MAX = 200
PORTS = {"http": 80, "https": 443, "smtp": 25, "smtps": 465, "postgresql": 5432, "postgres": 5432}


def outputs_of(workflow: str, graph: Graph) -> dict[str, Any]:
    """Returns the newest output of each step whose worker is not called but answers as it did before."""
    found = {path: _newest(workflow, path) for path in list(_recorded_paths(graph))[:RECORDS_MAX]}
    return {path: output for path, output in found.items() if output is not None}


def _recorded_paths(graph: Graph, prefix: str = "") -> Iterator[str]:
    for step in graph.steps:
        spec = get_catalog().get(step.worker or "")
        if spec is not None and spec.rehearsal == "record":
            yield f"{prefix}{step.name}"
        if step.body is not None:
            yield from _recorded_paths(graph.body_of(step.name), f"{prefix}{step.name}/")


def _newest(workflow: str, path: str) -> Any:
    body, _, name = path.rpartition("/")
    rows = StepRun.objects.filter(
        run__workflow_name=workflow,
        run__body=body or None,
        name=name,
        status=StepStatus.COMPLETED,
        output_seq__isnull=False,
    )
    row = rows.order_by("-run__created_at").values_list("run_id", "output_seq").first()
    if row is None or row[1] is None:
        return None
    _, state = load(row[0])
    return state.payload(row[1])


Address = tuple[str, int]


def rehearsal_connections() -> tuple[tuple[dict[str, Any], ...], tuple[Address, ...]]:
    """Returns the connections of REHEARSAL_ADDRESSES, with these addresses, and what may be reached.

    That is each host under its name and under the numbers that it has now.
    """
    stated: dict[str, str] = settings.REHEARSAL_ADDRESSES
    rows = Connection.objects.filter(name__in=stated).select_related("secret")
    found = tuple(_fields(row) | {"address": stated[row.name]} for row in rows)
    reached = {address for row in found for address in _reached(row["address"])}
    return found, tuple(sorted(reached))


def _fields(row: Connection) -> dict[str, Any]:
    names = ("name", "kind", "auth", "username", "parameter", "token_url", "scope", "headers")
    secret = {"name": row.secret.name, "sealed": row.secret.sealed} if row.secret else None
    return {name: getattr(row, name) for name in names} | {"secret": secret}


def _reached(address: str) -> Iterator[Address]:
    parts = urlsplit(address)
    host, port = parts.hostname, parts.port or PORTS.get(parts.scheme.partition("+")[0])
    if not host or port is None:
        return
    yield host, port
    with suppress(OSError):
        for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            yield str(place[0]), port
