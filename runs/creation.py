"""New runs: input checked against the version's schema, row and first entry in one transaction."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction

from designer.graph import Graph
from designer.models import WorkflowVersion
from designer.schemas import SchemaValidator
from runs import store
from runs.database import database
from runs.errors import BadInput, UnknownWorkflow, UnstorableText
from runs.graphs import version_graph
from runs.indexing import index
from runs.machine.decide import create as first_entry
from runs.machine.messages import StartChild
from runs.machine.states import RunState, State
from runs.models import Run
from runs.text import is_storable
from workers.sealing import CannotOpen, at_secrets, has_secrets, opened, scrubbed, seal, secrets_in

INPUT_BYTES_MAX = 5_000_000
LABELS_MAX = 50
PROBLEMS_MAX = 50


@dataclass(frozen=True)
class Request:
    version: WorkflowVersion
    input: Mapping[str, Any]
    labels: Mapping[str, str]
    user: Any = None
    idempotency_key: str | None = None
    trial: bool = False
    run_id: UUID | None = None
    parent: UUID | None = None
    parent_step: str = ""
    depth: int = 0


def create(request: Request) -> tuple[Run, bool]:
    """The run of a request, and whether it is new. Raises BadInput."""
    request = sealed(request)
    try:
        with transaction.atomic():
            return _insert(request), True
    except IntegrityError:
        existing = _same_key(request)
        if existing is None:
            raise
        return existing, False


def create_child(parent: UUID, depth: int, command: StartChild) -> Run:
    """The child run of a `workflow` step. Raises UnknownWorkflow or BadInput."""
    versions = WorkflowVersion.objects.filter(workflow__name=command.workflow)
    if command.version is not None:
        versions = versions.filter(number=command.version)
    version = versions.order_by("-number").first()
    if version is None:
        raise UnknownWorkflow(f"There is no published workflow {command.workflow!r} to run.")
    request = Request(
        version,
        command.input,
        {},
        run_id=UUID(command.child),
        trial=Run.objects.values_list("trial", flat=True).get(pk=parent),
        parent=parent,
        parent_step=command.step,
        depth=depth,
    )
    return _insert(sealed(request))


def sealed(request: Request) -> Request:
    """The request with what its schema marks as secret sealed. Raises BadInput."""
    schema = _secret_schema(request.version.pk)
    if schema is None or not isinstance(request.input, Mapping):
        check_input(request)
        return request
    key = settings.SECRET_KEY
    try:
        plain = replace(request, input=at_secrets(request.input, schema, partial(opened, key=key)))
    except CannotOpen as error:
        raise BadInput(str(error)) from error
    _check_quietly(plain, secrets_in(plain.input, schema))
    return replace(request, input=at_secrets(plain.input, schema, partial(seal, key=key)))


def sealed_patch(version_id: int, patch: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A patch of a run's context, with what the input schema marks as secret sealed."""
    schema = _secret_schema(version_id)
    if schema is None or not patch:
        return patch
    found: Mapping[str, Any] = at_secrets(patch, schema, partial(seal, key=settings.SECRET_KEY))
    return found


def _check_quietly(request: Request, secrets: list[str]) -> None:
    """Checks the input; what is said of it has dots in place of the secrets."""
    try:
        check_input(request)
    except BadInput as error:
        problems = scrubbed(error.problems, secrets)
        raise BadInput(scrubbed(str(error), secrets), problems) from None


def check_input(request: Request) -> None:
    """Raise BadInput where the input is no object, too large, or does not fit the schema."""
    if not isinstance(request.input, Mapping):
        raise BadInput("The input must be a JSON object.")
    if not is_storable([request.input, request.labels, request.idempotency_key]):
        raise UnstorableText
    size = len(orjson.dumps(request.input))
    if size > INPUT_BYTES_MAX:
        raise BadInput(f"The input has {size:,} bytes; the limit is {INPUT_BYTES_MAX:,}.")
    validator = _validator(request.version.pk)
    problems = [
        _problem(error)
        for error, _ in zip(validator.iter_errors(request.input), range(PROBLEMS_MAX), strict=False)
    ]
    if problems:
        first = problems[0]
        raise BadInput(f"The input does not fit the workflow: {first['path']}: {first['message']}", problems)


def _problem(error: Any) -> dict[str, str]:
    return {"code": "bad_input", "path": error.json_path, "message": error.message[:300]}


@lru_cache(maxsize=256)
def _secret_schema(version_id: int) -> Any:
    """The input schema, where it marks anything as secret."""
    schema = version_graph(version_id).input_schema
    return schema if has_secrets(schema) else None


@lru_cache(maxsize=256)
def _validator(version_id: int) -> Any:
    return SchemaValidator(version_graph(version_id).input_schema or {})


def _insert(request: Request) -> Run:
    at = store.now()
    graph = version_graph(request.version.pk)
    run = Run.objects.create(
        id=request.run_id or uuid7(),
        version=request.version,
        workflow_name=graph.name,
        input=dict(request.input),
        labels=dict(request.labels),
        created_at=at,
        trial=request.trial,
        idempotency_key=request.idempotency_key,
        started_by=request.user,
        parent_id=request.parent,
        parent_step=request.parent_step,
        total=len(graph.steps),
    )
    index([run])
    _write_first_entry(run, graph, request.depth)
    return run


def _write_first_entry(run: Run, graph: Graph, depth: int) -> None:
    state = State(RunState(id=str(run.pk)), run.input, store.Rows(run.pk))
    data: dict[str, Any] = {"depth": depth, "workflow": graph.name}
    if graph.timeout is not None:
        data["due_at"] = (run.created_at + timedelta(seconds=graph.timeout)).isoformat()
    decision = first_entry(graph, state, run.created_at, data)
    db = database()
    db.write(store.changes(db, run.pk, [decision], {}, run.created_at))


def _same_key(request: Request) -> Run | None:
    return Run.objects.filter(
        workflow_name=request.version.workflow.name, idempotency_key=request.idempotency_key
    ).first()


def uuid7() -> UUID:
    """A time-ordered id (RFC 9562, section 5.7): new runs lie together in the indexes."""
    value = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62))
