"""Import: a run from a file, which may come from another installation or from a stranger. It is not trusted.

`read` checks the bytes without writing anything: the definition must be valid, the journal must replay to the
state that the file states, and everything that a page shows must be computable from it. `keep` stores the
result in one transaction. The copy has new ids, its definition is a version without a number, and the engine
refuses every event on it (`RunState.imported`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.db import transaction
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from config.lib.errors import Unreadable
from config.lib.json import iso
from config.lib.json_reader import read_json
from config.lib.times import in_utc, is_in_calendar
from designer.document.document import parse, storage_problem
from designer.document.graph import Graph
from designer.document.limits import NAME_LENGTH_MAX
from designer.problems import Problem
from designer.services import workflows
from runs.errors import RunsError
from runs.machine.bindings import run_output
from runs.machine.events import Entry
from runs.machine.journal.apply import EFFECTS, Nothing, apply
from runs.machine.limits import (
    ENTRY_TYPE_LENGTH_MAX,
    LABEL_LENGTH_MAX,
    LABELS_MAX,
    PERSON_LENGTH_MAX,
    PROCESS_LENGTH_MAX,
    STATUS_LENGTH_MAX,
    STEP_LENGTH_MAX,
)
from runs.machine.states import RUN_ENDED, RunState, State, StepState, evolve
from runs.machine.steps.expansion import effective_graph
from runs.models import Run, StepRun
from runs.models.ids import uuid7
from runs.queries.run_page import shown_document
from runs.queries.runs import steps_json
from runs.queries.snapshot import replayed_snapshot
from runs.store import reader, search_index, writer
from runs.store.database import database
from runs.transfer.export import FILE_BYTES_MAX, FORMAT, RUNS_MAX, SCHEMA

ENTRIES_MAX = 200_000
LEVELS_MAX = 120  # a value of a run, which older versions let have 100, and what the file lays around it
PROBLEMS_MAX = 20
NUMBER_MAX = 2**31 - 1


class ImportRefused(RunsError):
    """The file holds no run that could be shown."""

    code = "bad_file"

    def __init__(self, message: str, problems: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.problems = problems or []


class Part(BaseModel):
    """An object of the file. Unknown fields are refused: a newer format would be misread."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
Name = Annotated[str, Field(max_length=STEP_LENGTH_MAX)]


class EntryIn(Part):
    seq: Annotated[int, Field(strict=True, ge=1)]
    type: Annotated[str, Field(max_length=ENTRY_TYPE_LENGTH_MAX)]
    step: Name
    attempt: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    at: Moment
    status: Annotated[str, Field(max_length=STATUS_LENGTH_MAX)]
    data: dict[str, Any]
    payload: Any


class DefinitionIn(Part):
    document: dict[str, Any]
    resolved: dict[str, Any]


class RunIn(Part):
    id: UUID
    parent: UUID | None
    parent_step: Name
    workflow: Annotated[str, Field(max_length=NAME_LENGTH_MAX)]
    version: Annotated[int, Field(strict=True, ge=1, le=NUMBER_MAX)] | None
    trial: bool
    labels: Annotated[
        dict[Annotated[str, Field(max_length=LABEL_LENGTH_MAX)], str], Field(max_length=LABELS_MAX)
    ]
    input: dict[str, Any]
    created_at: Moment
    started_by: Annotated[str, Field(max_length=PERSON_LENGTH_MAX)]
    definition: DefinitionIn
    state: dict[str, Any]
    journal: Annotated[list[EntryIn], Field(min_length=1, max_length=ENTRIES_MAX)]


class FileIn(Part):
    format: Literal["sagaboard.run"]
    schema_: Annotated[Literal[1], Field(alias="schema")]
    exported_at: Moment
    exported_from: Annotated[str, Field(max_length=300)]
    runs: Annotated[list[RunIn], Field(min_length=1, max_length=RUNS_MAX)]


@dataclass(frozen=True)
class Readable:
    """One run of a file with its replayed state. `record`: the run as the file states it."""

    record: RunIn
    graph: Graph
    state: State
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class RunFile:
    """The checked content of a file. The exported run comes first, every other run after its parent."""

    document: FileIn
    runs: list[Readable]


def read(raw: bytes) -> RunFile:
    """Checks a file and replays its runs. Raises ImportRefused."""
    document = _validated(raw)
    seen: set[UUID] = set()
    runs = []
    for index, run in enumerate(document.runs):
        where = f"runs[{index}]"
        if run.id in seen:
            raise ImportRefused(f"{where}: the run {run.id} is in the file twice.")
        if index and run.parent not in seen:
            raise ImportRefused(f"{where}: its parent is not in the file before it.")
        seen.add(run.id)
        runs.append(_readable(run, where))
    return RunFile(document, runs)


def _validated(raw: bytes) -> FileIn:
    if len(raw) > FILE_BYTES_MAX:
        limit = f"{FILE_BYTES_MAX // 1_000_000} MB"
        raise ImportRefused(f"The file has {len(raw):,} bytes; the limit is {limit}.")
    try:
        document = read_json(raw, LEVELS_MAX)
    except Unreadable as error:
        raise ImportRefused(f"{error} Choose a file that was downloaded from a run.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ImportRefused("This is no run's file. Choose one that was downloaded from the page of a run.")
    if document.get("schema") != SCHEMA:
        raise ImportRefused("The file was written by a newer version of Sagaboard; open it there.")
    try:
        return FileIn.model_validate(document)
    except ValidationError as error:
        problems = [
            {"code": problem["type"], "path": _path(problem["loc"]), "message": problem["msg"]}
            for problem in error.errors(include_url=False, include_input=False)[:PROBLEMS_MAX]
        ]
        first = problems[0]
        raise ImportRefused(f"{first['path']}: {first['message']}.", problems) from error


def _path(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


# --- one run: its definition, its journal, and everything that is shown of it ---


def _readable(run: RunIn, where: str) -> Readable:
    graph = _graph(run, where)
    state, entries = _replayed(run, where)
    try:
        full = effective_graph(graph, state)
        unknown = sorted({name.partition("[")[0] for name in state.steps()} - full.by_name.keys())
        replayed = _json(replayed_snapshot(state, entries))
        _json([shown_document(full), steps_json(full, state), run_output(full, state)])
        is_well_typed = _is_well_typed(state.run) and all(map(_is_well_typed, state.steps().values()))
    except Exception as error:  # whatever fails is the fault of the file: nothing is written yet
        raise ImportRefused(f"{where}: nothing can be shown of it ({type(error).__name__}).") from error
    if unknown:
        raise ImportRefused(
            f"{where}: its journal tells of a step that its definition lacks: {unknown[0]!r}."
        )
    if _as_written(replayed, run.state) != run.state:
        raise ImportRefused(f"{where}: its journal does not lead to the state that the file tells.")
    if not is_well_typed:
        raise ImportRefused(f"{where}: its journal holds values of a wrong type.")
    return Readable(run, graph, state, entries)


ADDED_TO_STATE = ("reason", "paused", "asked")
"""Fields that files of earlier versions do not have; nor have their steps `routes`."""


def _as_written(replayed: Any, told: Mapping[str, Any]) -> Any:
    """Returns a replayed state without the fields that the version which wrote the file did not know."""
    if all(name in told for name in ADDED_TO_STATE):
        return replayed
    steps = {
        name: {key: value for key, value in step.items() if key != "routes"}
        for name, step in replayed["steps"].items()
    }
    return {key: value for key, value in replayed.items() if key not in ADDED_TO_STATE} | {"steps": steps}


def _graph(run: RunIn, where: str) -> Graph:
    """The resolved graph, which ran; the author's document must be a valid definition as well."""
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
        refusal = storage_problem(document)
        return (None, [refusal]) if refusal else parse(document)
    except Exception as error:  # a stranger's file may hold anything
        raise ImportRefused(f"{where}: this is no definition ({type(error).__name__}).") from error


def _replayed(run: RunIn, where: str) -> tuple[State, tuple[Entry, ...]]:
    state = State(RunState(), run.input, Nothing())
    entries = []
    for index, record in enumerate(run.journal):
        entry = _entry(record, index, f"{where}.journal[{index}]")
        try:
            apply(state, entry)
            status = state.run.status
        except Exception as error:  # whatever fails is the fault of the file: nothing is written yet
            raise ImportRefused(
                f"{where}.journal[{index}]: this is no entry of type {record.type}."
            ) from error
        if status != record.status:
            raise ImportRefused(
                f"{where}.journal[{index}]: the run is {status} after it, not {record.status}."
            )
        entries.append(entry)
    if state.run.status not in RUN_ENDED:
        raise ImportRefused(f"{where}: its journal does not come to an end.")
    return state, tuple(entries)


def _entry(record: EntryIn, index: int, where: str) -> Entry:
    if record.seq != index + 1:
        raise ImportRefused(f"{where}: number {index + 1} is missing.")
    if record.type not in EFFECTS:
        raise ImportRefused(f"{where}: this version of Sagaboard knows no entries of type {record.type!r}.")
    return Entry(
        record.seq,
        record.type,
        record.at,
        record.step,
        record.attempt,
        record.data,
        record.payload,
        status=record.status,
    )


TYPES: Mapping[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in (RunState, StepState)}


def _is_well_typed(state: RunState | StepState) -> bool:
    """Whether each field has its declared type, without conversion, and fits into its column."""
    validated = TYPES[type(state)].validate_python(dict(vars(state)))
    numbers = [value for value in vars(state).values() if isinstance(value, int)]
    process = getattr(state, "process", "")
    times = [value for value in vars(state).values() if isinstance(value, datetime)]
    fits = (
        all(0 <= number <= NUMBER_MAX for number in numbers)
        and all(map(is_in_calendar, times))
        and len(process) <= PROCESS_LENGTH_MAX
    )
    return fits and bool(validated == state)


def _json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


# --- storing ---


def keep(file: RunFile, user: Any, file_name: str = "", *, is_explored: bool = False) -> Run:
    """Stores a checked file, all of it or nothing; returns the exported run's copy.

    `is_explored`: the run never happened, a proof has made it up.
    """
    ids = {readable.record.id: uuid7() for readable in file.runs}
    at = reader.now()
    facts = {
        "by": "" if user is None else user.get_username(),
        "at": iso(at),
        "from": file.document.exported_from,
        "file": file_name[-200:],
        "exported_at": iso(file.document.exported_at),
        **({"explored": True} if is_explored else {}),
    }
    with transaction.atomic():
        runs: list[Run] = []
        for readable in file.runs:
            record = readable.record
            parent = ids[record.parent] if runs and record.parent else None
            runs.append(_stored(readable, ids[record.id], parent, facts, user))
        search_index.index(runs)
    return runs[0]


def _stored(
    readable: Readable, run_id: UUID, parent: UUID | None, facts: Mapping[str, Any], user: Any
) -> Run:
    """Inserts one run, without due times and `tally_at`: neither the sweep nor the counters look at it."""
    record, state = readable.record, readable.state
    state.run = evolve(state.run, imported=True)
    definition = record.definition
    origin = {
        "id": str(record.id),
        "version": record.version,
        "trial": record.trial,
        "started_by": record.started_by,
    }
    run = Run(
        id=run_id,
        version=workflows.create_imported_version(definition.document, definition.resolved, user),
        workflow_name=record.workflow,
        input=record.input,
        labels=record.labels,
        created_at=record.created_at,
        imported={**facts, **origin},
        parent_id=parent,
        parent_step=record.parent_step,
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
