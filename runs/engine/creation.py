"""New runs: checks input against the version's schema, seals secrets, inserts rows and first entries.

Nothing is sent from here; `runs.engine.after_commit` carries out what the new units ask for.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
from jsonschema import ValidationError

from config.lib.caches import cached_for_process
from config.lib.json import stored_bytes
from config.lib.json_reader import fault_of
from config.lib.secret_places import map_sealed, map_secrets, secrets_in
from config.lib.secrets import (
    CannotOpen,
    input_place,
    redact,
    sealed_as_given,
    unseal,
)
from config.sealing_keys import sealing_keys
from designer.document.graph import Graph
from designer.models import WorkflowVersion
from designer.services.queries import find_version
from designer.validation.json_schema import SchemaValidator, innermost, violations
from runs.engine.lines import Entrance, Joined, key_of
from runs.engine.sealing import at_secret_places, refuse_misplaced, secret_schema
from runs.engine.unit_of_work import Unit
from runs.errors import Archived, BadInput, UnknownWorkflow, Unstorable, WorkflowFull
from runs.machine.decide import create as first_entry
from runs.machine.errors import Refused
from runs.machine.events import Start, StartChild
from runs.machine.limits import INPUT_BYTES_MAX, PRIORITY_MAX, PRIORITY_STANDARD
from runs.machine.states import RunState, State, lean
from runs.machine.steps.taking_over import Again
from runs.models import Place, Run
from runs.models.ids import uuid7
from runs.store import reader, writer
from runs.store.database import Database
from runs.store.graph_cache import version_graph
from runs.store.search_index import index
from runs.tracing import contexts as tracing

PROBLEMS_MAX = 50


@dataclass(frozen=True)
class Request:
    """A run to be created. `parent`, `parent_step`, `depth` and `run_id` belong to child runs.

    `body`: the path of the body that it runs; None for a whole workflow. `timeout`: seconds for the run;
    None: as its workflow says. A `detached` child run is not waited for. `own` and `outer`: see `StartChild`.

    `content` is what the idempotency key was sent with, by default input and labels; `sealed` makes `digest`
    of it, by which another request with the same key is told apart. `older_digests`: the same, as it was
    under earlier values of SECRET_KEY. `trace`: the context that the run's trace goes on from.
    """

    version: WorkflowVersion
    input: Mapping[str, Any]
    labels: Mapping[str, str]
    user: Any = None
    idempotency_key: str | None = None
    trial: bool = False
    content: tuple[Any, ...] = ()
    digest: str | None = None
    older_digests: tuple[str | None, ...] = ()
    run_id: UUID | None = None
    parent: UUID | None = None
    parent_step: str = ""
    depth: int = 0
    body: str | None = None
    timeout: float | None = None
    detached: bool = False
    priority: int = PRIORITY_STANDARD
    own: Mapping[str, Any] | None = None
    outer: int | None = None
    again: Again | None = None
    trace: str = ""

    @property
    def stored_input(self) -> Mapping[str, Any]:
        return self.input if self.own is None else self.own

    @property
    def is_awaited(self) -> bool:
        """Whether a parent run waits for its end."""
        return self.parent is not None and not self.detached

    @property
    def key(self) -> tuple[str, str] | None:
        """The workflow's name and the idempotency key, unique among runs; None without a key."""
        key = self.idempotency_key
        return None if key is None else (self.version.workflow.name, key)


def child_request(parent: reader.Loaded, command: StartChild) -> Request:
    """The request for the run that a step starts, with its parent's priority.

    Raises UnknownWorkflow or BadInput.
    """
    request = Request(
        _version_of(parent, command),
        command.input,
        {},
        run_id=UUID(command.child),
        trial=parent.is_trial,
        parent=parent.rows.run_id,
        parent_step=command.step,
        depth=parent.state.run.depth + 1,
        timeout=command.timeout,
        detached=command.detached,
        priority=parent.state.run.priority,
        own=command.own,
        outer=command.outer,
        trace=tracing.below(parent, command.step),
    )
    if not command.body:
        return sealed(request, parent.workflow)
    refuse_unstorable(request.stored_input, "input")
    check_size(request.stored_input)
    return replace(request, body="/".join(filter(None, (parent.body, command.body))))


def _version_of(parent: reader.Loaded, command: StartChild) -> WorkflowVersion:
    if command.body:
        return _version_of_bodies(parent.version_id)
    version = find_version(command.workflow, command.version)
    if version is None:
        raise UnknownWorkflow(f"There is no published workflow {command.workflow!r} to run.")
    return version


@cached_for_process(maxsize=256)
def _version_of_bodies(version_id: int) -> WorkflowVersion:
    """A version, without its documents: a map has many bodies, and each is a run of it."""
    versions = WorkflowVersion.every.select_related("workflow")
    return versions.defer("document", "resolved", "workflow__draft").get(pk=version_id)


def sealed(request: Request, giver: str = "") -> Request:
    """The checked request, with the values sealed that its schema marks as secret.

    `giver`: the workflow of the parent run, whose sealed inputs may be handed on. Raises BadInput, or Refused
    if the version belongs to an imported run.
    """
    _refuse_closed(request.version)
    refuse_unstorable(request.input, "input")
    if not giver:
        refuse_misplaced(request.version, request.input)
    schema = secret_schema(request.version.pk)
    if schema is None or not isinstance(request.input, Mapping):
        check_input(request)
        return replace(request, digest=_digest(request))
    name, keys = request.version.workflow.name, sealing_keys()

    def opened(text: str, path: str) -> Any:
        places = input_place(name, path), ("input", giver)
        return unseal(text, keys, lambda place: place == places[0] or place[:2] == places[1])

    try:
        plain = map_secrets(request.input, schema, lambda value, path: map_sealed(value, path, opened))
    except CannotOpen as error:
        raise BadInput(str(error)) from error
    try:
        check_input(replace(request, input=plain))
    except BadInput as error:  # has dots in place of the secrets
        secrets = secrets_in(plain, schema)
        raise BadInput(redact(str(error), secrets), redact(error.problems, secrets)) from None
    given = at_secret_places(request.input, schema)

    def sealed_again(value: Any, path: str) -> Any:
        return sealed_as_given(value, given[path], input_place(name, path), keys)

    digest, *older = (_digest(replace(request, input=plain), key) for key in keys)
    given_again = map_secrets(plain, schema, sealed_again)
    return replace(request, input=given_again, digest=digest, older_digests=tuple(older))


def _refuse_closed(version: WorkflowVersion) -> None:
    """Raises Refused or Archived if a version starts no runs at all."""
    if version.is_of_file:
        message = "This definition came with a run's file. Bring it in as a workflow to start runs of it."
        raise Refused(message, code="imported")
    if version.workflow.archived_at is not None:
        raise Archived


def _digest(request: Request, key: str = "") -> str | None:
    """Digest of the content that came with an idempotency key; `key` is given where it holds secrets.

    Without a key of its own the digest would let those who read the database try guesses of a secret.
    """
    if request.digest or request.idempotency_key is None:
        return request.digest
    return content_digest(request.content or (request.input, request.labels), key)


def content_digest(content: tuple[Any, ...], key: str = "") -> str:
    """Digest of what came with an idempotency key; the order of an object's keys makes no difference."""
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return (hmac.new(key.encode(), text, sha256) if key else sha256(text)).hexdigest()


def check_input(request: Request) -> None:
    """Raises BadInput if the input is no object, is too large, or does not fit the schema."""
    if not isinstance(request.input, Mapping):
        raise BadInput("The input must be a JSON object.")
    refuse_unstorable(request.labels, "labels")
    refuse_unstorable(request.idempotency_key, "idempotency_key")
    if not 0 <= request.priority <= PRIORITY_MAX:
        raise BadInput(f"A priority is a whole number from 0 to {PRIORITY_MAX}.")
    check_size(request.input)
    validator = _validator(request.version.pk)
    found = violations(validator, request.input, PROBLEMS_MAX)
    problems = [_problem(error) for error in chain(*map(innermost, found))][:PROBLEMS_MAX]
    if problems:
        first = problems[0]
        raise BadInput(f"The input does not fit the workflow: {first['path']}: {first['message']}", problems)


def _problem(error: ValidationError) -> dict[str, Any]:
    """A violation of the schema. `pointer`: RFC 6901, of the member that is wrong or missing."""
    missing = [name for name in _needed(error) if error.message == f"{name!r} is a required property"]
    return {
        "code": "bad_input",
        "path": error.json_path,
        "message": error.message[:300],
        "pointer": "".join(f"/{_escaped(key)}" for key in [*error.absolute_path, *missing]),
    }


def _needed(error: Any) -> list[Any]:
    return list(error.schema["required"]) if error.validator == "required" else []


def _escaped(key: str | int) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def check_size(value: Any) -> None:
    """Raises BadInput if an input is too large."""
    size = stored_bytes(value)
    if size > INPUT_BYTES_MAX:
        raise BadInput(f"The input has {size:,} bytes; the limit is {INPUT_BYTES_MAX:,}.")


def refuse_unstorable(value: Any, part: str = "") -> None:
    """Raises Unstorable if a JSON value from outside cannot be kept; `part` says what the value is."""
    if found := fault_of(value):
        raise Unstorable(*found, part=part)


@cached_for_process(maxsize=256)
def _validator(version_id: int) -> Any:
    return SchemaValidator(version_graph(version_id).input_schema or {})


Created = tuple[Run, Unit]


def create(requests: Sequence[Request], db: Database) -> list[Created | WorkflowFull]:
    """Inserts runs in a constant number of statements; the inputs have been checked.

    They are started, but for those that stand in a line behind others. Where a full line takes nobody, its
    error stands in the place of the run.

    The caller starts the child runs that the units ask for, writes what they change by that, and carries out
    their effects after the commit.
    """
    at = db.now()
    joined = _join_lines(requests, at)
    created: list[Created | WorkflowFull] = [
        place if isinstance(place, WorkflowFull) else _created(request, at, place)
        for request, place in zip(requests, joined, strict=True)
    ]
    new = [one for one in created if not isinstance(one, WorkflowFull)]
    runs = [run for run, _ in new]
    changes = [batch for _, unit in new for batch in unit.changes()]
    inserts = writer.new_runs(db, runs)
    places = [unit.joined.place(run.pk, at) for run, unit in new if unit.joined is not None]
    if places:
        db.write([inserts])
        Place.objects.bulk_create(places)
        db.write(writer.statements(db, changes))
    else:
        db.write([inserts, *writer.statements(db, changes)])
    index([run for run in runs if run.body is None])
    return created


def _join_lines(requests: Sequence[Request], at: datetime) -> list[Joined | WorkflowFull | None]:
    """The places of new runs in the lines of their workflows. Child runs and trials stand in none.

    Raises BadInput where a key cannot be worked out.
    """
    graphs = [version_graph(request.version.pk) for request in requests]
    stand = [
        graph.lines_up and not (r.is_awaited or r.trial) for graph, r in zip(graphs, requests, strict=True)
    ]
    if not any(stand):
        return [None] * len(requests)
    standing = [index for index, lines_up in enumerate(stand) if lines_up]
    wanted = {index: (graphs[index], key_of(graphs[index], requests[index].input)) for index in standing}
    entrance = Entrance(at)
    entrance.open(list(wanted.values()))
    return [
        entrance.join(*wanted[i], requests[i].priority) if i in wanted else None for i in range(len(requests))
    ]


def _created(request: Request, at: datetime, joined: Joined | None) -> Created:
    """A created run of which nothing is stored yet; started unless it waits for its turn."""
    graph = version_graph(request.version.pk).at(request.body or "")
    run = Run(
        id=request.run_id or uuid7(),
        version=request.version,
        workflow_name=graph.name,
        input=dict(request.stored_input),
        labels=dict(request.labels),
        created_at=at,
        trial=request.trial,
        idempotency_key=request.idempotency_key,
        key_digest=request.digest,
        started_by=request.user,
        parent_id=request.parent,
        parent_step=request.parent_step,
        body=request.body,
        detached=request.detached,
    )
    unit = Unit(_unstored(run, dict(request.input), at))
    unit.joined = joined
    begins = joined is None or joined.may_begin
    taken = request.again.taken if request.again else ()
    unit.record(first_entry(graph, unit.state, unit.at, _first_facts(request, graph, at, begins), taken))
    if begins:
        unit.take(Start(at))
    unit.stored = unit.state.run
    for name, value in writer.run_columns(unit.state.run).items():
        setattr(run, name, value)
    return run, unit


def _unstored(run: Run, input: Mapping[str, Any], at: datetime) -> reader.Loaded:
    """A new run as it would be read, of which nothing is stored yet."""
    rows = reader.Rows.of_new_run(run.pk)
    state = State(lean(RunState, id=str(run.pk)), input, rows)
    about = (run.version_id, run.workflow_name, state, rows, at, run.parent_id, run.parent_step)
    return reader.Loaded(*about, body=run.body or "", is_trial=run.trial)


def _first_facts(request: Request, graph: Graph, at: datetime, begins: bool) -> dict[str, Any]:
    """What the first entry of a run says; the timeout of one that has to wait counts from its start."""
    facts: dict[str, Any] = {"depth": request.depth, "workflow": graph.name}
    facts |= {"body": request.body} if request.body else {}
    facts |= {"outer": request.outer} if request.outer is not None else {}
    facts |= {"priority": request.priority} if request.priority != PRIORITY_STANDARD else {}
    trace = request.trace if request.parent else tracing.caller()
    facts |= {"trace": trace} if trace else {}
    if request.again:
        facts["again"] = {"run": request.again.run, "from": request.again.step}
    timeouts = [seconds for seconds in (graph.timeout, request.timeout) if seconds is not None]
    if timeouts and begins:
        facts["due_at"] = (at + timedelta(seconds=min(timeouts))).isoformat()
    return facts


def known_by_key(requests: Sequence[Request]) -> dict[int, Run]:
    """The runs that the requests' idempotency keys have started before, by the index of the request.

    A key that was sent with other content counts as known; `runs.engine.starting` refuses it.
    """
    indexes = {request.key: index for index, request in enumerate(requests) if request.key}
    if not indexes:
        return {}
    names, keys = zip(*indexes, strict=True)
    rows = Run.every.filter(workflow_name__in=set(names), idempotency_key__in=keys)
    rows = rows.select_related("version").defer("version__document", "version__resolved")
    runs = {(run.workflow_name, run.idempotency_key): run for run in rows}
    return {index: runs[key] for key, index in indexes.items() if key in runs}
