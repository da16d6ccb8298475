"""A run that comes as a file, from another installation or a stranger: kept to be looked at, not believed.

`read` is given bytes and says what they hold, or what is wrong with them, without writing anything: the
definition has to be one, the journal has to lead to the state that the file tells, and all that a page shows
has to come out of it. `keep` writes it in one transaction. The copy has ids of its own, its definition is a
version without a number, and no event of the engine is taken by it (`RunState.imported`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.db import transaction
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from config.lib.json import is_storable, iso
from designer.document.document import parse, refused
from designer.document.graph import Graph
from designer.problems import Problem
from designer.services import workflows
from runs.errors import RunsError
from runs.machine.bindings import run_output
from runs.machine.events import Entry
from runs.machine.journal.apply import EFFECTS, apply
from runs.machine.states import RUN_ENDED, Nothing, RunState, State, StepState, evolve
from runs.machine.steps.expansion import effective_graph
from runs.models import Run, StepRun
from runs.models.ids import uuid7
from runs.queries.run_page import shown_document
from runs.queries.runs import steps_json
from runs.queries.snapshot import snapshot
from runs.store import reader, writer
from runs.store.database import database
from runs.store.search_index import index
from runs.transfer.export import FILE_BYTES_MAX, FORMAT, RUNS_MAX, SCHEMA

ENTRIES_MAX = 200_000
PROBLEMS_MAX = 20
NUMBER_MAX = 2**31 - 1
PROCESS_LENGTH_MAX = 120


class ImportRefused(RunsError):
    """The file holds no run that could be shown."""

    code = "bad_file"

    def __init__(self, message: str, problems: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.problems = problems or []


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(max_length=80)]


class EntryIn(Part):
    seq: Annotated[int, Field(strict=True, ge=1)]
    type: Annotated[str, Field(max_length=32)]
    step: Name
    attempt: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    at: AwareDatetime
    status: Annotated[str, Field(max_length=12)]
    data: dict[str, Any]
    payload: Any


class DefinitionIn(Part):
    document: dict[str, Any]
    resolved: dict[str, Any]


class RunIn(Part):
    id: UUID
    parent: UUID | None
    parent_step: Name
    workflow: Annotated[str, Field(max_length=63)]
    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None
    trial: bool
    labels: Annotated[dict[Annotated[str, Field(max_length=200)], str], Field(max_length=50)]
    input: dict[str, Any]
    created_at: AwareDatetime
    started_by: Annotated[str, Field(max_length=150)]
    definition: DefinitionIn
    state: dict[str, Any]
    journal: Annotated[list[EntryIn], Field(min_length=1, max_length=ENTRIES_MAX)]


class FileIn(Part):
    format: Literal["sagaboard.run"]
    schema_: Annotated[Literal[1], Field(alias="schema")]
    exported_at: AwareDatetime
    exported_from: Annotated[str, Field(max_length=300)]
    runs: Annotated[list[RunIn], Field(min_length=1, max_length=RUNS_MAX)]


@dataclass(frozen=True)
class Readable:
    """One run of a file, replayed."""

    told: RunIn
    graph: Graph
    state: State
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class RunFile:
    """What a file holds: the run itself comes first, each other one after its parent."""

    told: FileIn
    runs: list[Readable]


def read(raw: bytes) -> RunFile:
    """Raises ImportRefused."""
    told = _shape(raw)
    seen: set[UUID] = set()
    runs = []
    for place, run in enumerate(told.runs):
        where = f"runs[{place}]"
        if run.id in seen:
            raise ImportRefused(f"{where}: the run {run.id} is in the file twice.")
        if place and run.parent not in seen:
            raise ImportRefused(f"{where}: its parent is not in the file before it.")
        seen.add(run.id)
        runs.append(_readable(run, where))
    return RunFile(told, runs)


def _shape(raw: bytes) -> FileIn:
    if len(raw) > FILE_BYTES_MAX:
        limit = f"{FILE_BYTES_MAX // 1_000_000} MB"
        raise ImportRefused(f"The file has {len(raw):,} bytes; the limit is {limit}.")
    try:
        document = orjson.loads(raw)
    except ValueError as error:
        raise ImportRefused(
            f"This is no JSON: {error}. Choose a file that was downloaded from a run."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ImportRefused("This is no run's file. Choose one that was downloaded from the page of a run.")
    if document.get("schema") != SCHEMA:
        raise ImportRefused("The file was written by a newer version of Sagaboard; open it there.")
    if not is_storable(document):
        raise ImportRefused("The file holds a NUL character or half a character; it cannot be stored.")
    try:
        return FileIn.model_validate(document)
    except ValidationError as error:
        raise _misshapen(error) from error


def _misshapen(error: ValidationError) -> ImportRefused:
    problems = [
        {"code": found["type"], "path": _path(found["loc"]), "message": found["msg"]}
        for found in error.errors(include_url=False, include_input=False)[:PROBLEMS_MAX]
    ]
    first = problems[0]
    return ImportRefused(f"{first['path']}: {first['message']}.", problems)


def _path(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


# --- one run: its definition, its journal, and all that is shown of it ---


def _readable(run: RunIn, where: str) -> Readable:
    graph = _graph(run, where)
    state, entries = _replayed(run, where)
    try:
        full = effective_graph(graph, state)
        unknown = sorted({name.partition("[")[0] for name in state.steps()} - full.by_name.keys())
        told = _json(snapshot(state, [entry.data["plan"] for entry in entries if entry.type == COMPENSATING]))
        _all_that_is_shown(full, state)
        is_well_typed = _is_well_typed(state.run) and all(map(_is_well_typed, state.steps().values()))
    except Exception as error:  # whatever fails is the fault of the file: nothing is written yet
        raise ImportRefused(f"{where}: nothing can be shown of it ({type(error).__name__}).") from error
    if unknown:
        raise ImportRefused(
            f"{where}: its journal tells of a step that its definition lacks: {unknown[0]!r}."
        )
    if told != run.state:
        raise ImportRefused(f"{where}: its journal does not lead to the state that the file tells.")
    if not is_well_typed:
        raise ImportRefused(f"{where}: its journal holds values of a wrong type.")
    return Readable(run, graph, state, entries)


COMPENSATING = "run.compensating"


def _graph(run: RunIn, where: str) -> Graph:
    """What ran, as resolved; what its author wrote has to be a definition as well."""
    graph: Graph | None = None
    for part in ("document", "resolved"):
        graph, problems = _parsed(getattr(run.definition, part), f"{where}.definition.{part}")
        if graph is None or problems:
            raise ImportRefused(f"{where}.definition.{part}: {problems[0].path}: {problems[0].message}.")
    assert graph is not None
    if graph.name != run.workflow:
        raise ImportRefused(f"{where}.definition: it is one of {graph.name!r}, not of {run.workflow!r}.")
    if len(graph.position) != len(graph.steps):
        raise ImportRefused(f"{where}.definition: its steps go round in a circle.")
    return graph


def _parsed(document: dict[str, Any], where: str) -> tuple[Graph | None, list[Problem]]:
    try:
        refusal = refused(document)
        return (None, [refusal]) if refusal else parse(document)
    except Exception as error:  # as in a file of a stranger anything may stand
        raise ImportRefused(f"{where}: this is no definition ({type(error).__name__}).") from error


def _replayed(run: RunIn, where: str) -> tuple[State, tuple[Entry, ...]]:
    state = State(RunState(), run.input, Nothing())
    entries = []
    for place, told in enumerate(run.journal):
        entry = _entry(told, place, f"{where}.journal[{place}]")
        try:
            apply(state, entry)
            status = state.run.status
        except Exception as error:  # whatever fails is the fault of the file: nothing is written yet
            raise ImportRefused(f"{where}.journal[{place}]: this is no entry of type {told.type}.") from error
        if status != told.status:
            raise ImportRefused(f"{where}.journal[{place}]: the run is {status} after it, not {told.status}.")
        entries.append(entry)
    if state.run.status not in RUN_ENDED:
        raise ImportRefused(f"{where}: its journal does not come to an end.")
    return state, tuple(entries)


def _entry(told: EntryIn, place: int, where: str) -> Entry:
    if told.seq != place + 1:
        raise ImportRefused(f"{where}: number {place + 1} is missing.")
    if told.type not in EFFECTS:
        raise ImportRefused(f"{where}: this version of Sagaboard knows no entries of type {told.type!r}.")
    try:
        at = told.at.astimezone(UTC)
    except OverflowError as error:
        raise ImportRefused(f"{where}: its time is beyond all calendars.") from error
    return Entry(
        told.seq, told.type, at, told.step, told.attempt, told.data, told.payload, status=told.status
    )


def _all_that_is_shown(graph: Graph, state: State) -> None:
    """Fails where a page would; its results are not kept."""
    _json([shown_document(graph), steps_json(graph, state), run_output(graph, state)])


TYPES: Mapping[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in (RunState, StepState)}


def _is_well_typed(state: RunState | StepState) -> bool:
    """Whether each field has the type that it is declared with, unconverted, and fits into its column."""
    validated = TYPES[type(state)].validate_python(dict(vars(state)))
    numbers = [value for value in vars(state).values() if isinstance(value, int)]
    process = getattr(state, "process", "")
    fits = all(0 <= number <= NUMBER_MAX for number in numbers) and len(process) <= PROCESS_LENGTH_MAX
    return fits and bool(validated == state)


def _json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


# --- keeping it ---


def keep(file: RunFile, user: Any, file_name: str = "") -> Run:
    """Stores what was read, all of it or nothing, and gives the run."""
    ids = {readable.told.id: uuid7() for readable in file.runs}
    at = reader.now()
    facts = {
        "by": "" if user is None else user.get_username(),
        "at": iso(at),
        "from": file.told.exported_from,
        "file": file_name[-200:],
        "exported_at": iso(file.told.exported_at.astimezone(UTC)),
    }
    with transaction.atomic():
        made: list[Run] = []
        for readable in file.runs:
            parent = ids[readable.told.parent] if made and readable.told.parent else None
            made.append(_keep_one(readable, ids[readable.told.id], parent, facts, user))
        index(made)
    return made[0]


def _keep_one(
    readable: Readable, run_id: UUID, parent: UUID | None, facts: Mapping[str, Any], user: Any
) -> Run:
    """The engine takes no event of it, the sweep finds nothing due, and the figures don't wait for it."""
    told, state = readable.told, readable.state
    state.run = evolve(state.run, imported=True)
    definition = told.definition
    run = Run(
        id=run_id,
        version=workflows.keep_of_file(definition.document, definition.resolved, user),
        workflow_name=told.workflow,
        input=told.input,
        labels=told.labels,
        created_at=told.created_at.astimezone(UTC),
        imported={**facts, **_origin(told)},
        parent_id=parent,
        parent_step=told.parent_step,
    )
    for name, value in {**writer.run_columns(state.run), "tally_at": None, "due_at": None}.items():
        setattr(run, name, value)
    run.save(force_insert=True)
    db = database()
    steps = list(state.changed.values())
    changes = writer.Changes(run.pk, state.run, state.run, readable.entries, steps, {}, run.created_at)
    db.write(writer.statements(db, [changes]))
    StepRun.objects.filter(run=run).update(due_at=None, process="", queue="")
    return run


def _origin(told: RunIn) -> dict[str, Any]:
    """What the run was where it ran."""
    return {
        "id": str(told.id),
        "version": told.version,
        "trial": told.trial,
        "started_by": told.started_by,
    }
