"""Lines of runs: how many runs of a workflow, with one key, are under way and begin in a time.

Theory of operation. A run whose workflow states `concurrency` or `rate` gets a place in its line in the
transaction that creates it. If there is room it begins at once; else it stays pending, and nothing looks at
it until its turn. The end of a run marks its place in its own transaction and locks no line. `advance`
follows the commit: it locks the line, forgets the places that have ended and begins the next runs, each in
the transaction that gives it its room. What is lost with a process is found by the sweep: places that have
ended and are not settled, lines whose rate lets the next one in (`due_at`), runs that were to be cancelled.

Locks are taken in one order: a line, then a run of it. Trials stand in no line, nor do child runs that are
waited for: a parent waits for its child, which must not wait for its parent's end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Q, QuerySet

from config.lib.json import storable
from designer.document.graph import Graph
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, compile_expression
from runs.errors import BadInput, WorkflowFull
from runs.machine.errors import Stale
from runs.machine.flow.lines import BEGUN_AT_ONCE_MAX, entry, excess, looked_at, room
from runs.models import Line, Place
from runs.store import reader
from runs.store.database import database
from runs.store.slots import turn_of
from runs.store.transactions import transaction_of

logger = logging.getLogger(__name__)

KEY_CHARS_MAX = 200  # of a key that is shown
WAITING = Q(begun_at__isnull=True, ended_at__isnull=True)
UNDER_WAY = Q(begun_at__isnull=False, ended_at__isnull=True)
ENDED = Q(ended_at__isnull=False)  # each of these is served by an index of its own, the whole line by none


@dataclass(frozen=True, slots=True)
class Joined:
    """A run's place in its line, not stored yet. `leaving`: runs that are cancelled so that it can begin."""

    line: Line
    turn_at: datetime
    may_begin: bool
    leaving: tuple[UUID, ...] = ()

    def place(self, run_id: UUID, at: datetime) -> Place:
        return Place(
            run_id=run_id, line=self.line, turn_at=self.turn_at, begun_at=at if self.may_begin else None
        )


def key_of(graph: Graph, input: Mapping[str, Any]) -> Any:
    """The key of the line of a run with this input. Raises BadInput."""
    flow = graph.concurrency if graph.concurrency and graph.concurrency.key else graph.rate
    return value_of_key(flow.key if flow else None, input)


def value_of_key(key: str | None, input: Mapping[str, Any]) -> Any:
    """The value of the key that a limit of flow states, for this input; None without one. Raises BadInput."""
    if key is None:
        return None
    try:
        return compile_expression(bare(key)).evaluate({"input": input})
    except ExpressionError as error:
        problem = {"code": "bad_key", "path": "$", "message": str(error)}
        raise BadInput(
            f"The key of its line cannot be worked out of the input: {error}", [problem]
        ) from error


class Entrance:
    """The lines that runs join which are created together. Each line is locked, and counted once."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._lines: dict[tuple[str, str], Line] = {}
        self._room: dict[int, int] = {}

    def open(self, wanted: Sequence[tuple[Graph, Any]]) -> None:
        """Locks the lines of these graphs and keys, in one order, so that two calls cannot deadlock."""
        named = {(graph.name, digest_of_key(key)): (graph, key) for graph, key in wanted}
        for name in sorted(named):
            self._lines[name] = _locked_line(*named[name], name[1])

    def join(self, graph: Graph, key: Any, priority: int) -> Joined | WorkflowFull:
        """Gives a new run its place, or returns the error where a full line takes nobody."""
        line = self._lines[graph.name, digest_of_key(key)]
        if line.pk not in self._room:
            is_waited_for = line.places.filter(WAITING).exists()
            self._room[line.pk] = 0 if is_waited_for else _room(line, self.at)
        how = entry(self._room[line.pk], graph.concurrency.when_full if graph.concurrency else "queue")
        if how == "refused":
            return WorkflowFull(graph.name, line.at_once or 0, line.key)
        self._room[line.pk] -= how == "begins"
        if how == "waits":
            self._note_due(line)
        leaving = _leave(line) if how == "makes_room" else ()
        return Joined(line, turn_of(self.at, priority), how == "begins", leaving)

    def _note_due(self, line: Line) -> None:
        """Says when the rate lets in who waits, should no run of the line end before.

        Runs that begin with this call are not stored yet: they begin at its time.
        """
        if line.rate is None or line.due_at is not None:
            return
        begun = _begun(line, self.at).values_list("begun_at", flat=True).first()
        line.due_at = (begun or self.at) + timedelta(seconds=line.per)
        Line.objects.filter(pk=line.pk).update(due_at=line.due_at)


def _locked_line(graph: Graph, key: Any, digest: str) -> Line:
    """The line, with the numbers of this graph, locked until the transaction ends."""
    numbers = {
        "at_once": graph.concurrency.limit if graph.concurrency else None,
        "rate": graph.rate.limit if graph.rate else None,
        "per": graph.rate.per if graph.rate else 0,
    }
    name = {"workflow_name": graph.name, "key_digest": digest}
    while True:  # a line that its last run has left may be removed in between
        Line.objects.bulk_create([Line(**name, **numbers, key=shown_key(key))], ignore_conflicts=True)
        line = Line.objects.select_for_update().filter(**name).first()
        if line is not None:
            break
    if any(getattr(line, field) != number for field, number in numbers.items()):
        Line.objects.filter(pk=line.pk).update(**numbers)
        line.at_once, line.rate, line.per = numbers["at_once"], numbers["rate"], numbers["per"] or 0
    return line


def digest_of_key(key: Any) -> str:
    return sha256(orjson.dumps(key, option=orjson.OPT_SORT_KEYS)).hexdigest()


def shown_key(key: Any) -> Any:
    return storable(key[:KEY_CHARS_MAX]) if isinstance(key, str) else key if _is_small(key) else "…"


def _is_small(key: Any) -> bool:
    return len(orjson.dumps(key)) <= KEY_CHARS_MAX


def _room(line: Line, at: datetime) -> int:
    """How many more runs of a line may begin now."""
    under_way = line.places.filter(UNDER_WAY).count() if line.at_once is not None else 0
    begun = _begun(line, at)[: line.rate].count() if line.rate is not None else 0
    return room(line.at_once, line.rate, under_way, begun)


def _begun(line: Line, at: datetime) -> QuerySet[Place]:
    return line.places.filter(begun_at__gt=at - timedelta(seconds=line.per)).order_by("begun_at")


def _leave(line: Line) -> tuple[UUID, ...]:
    """Chooses the oldest runs of a full line, so many that the new one finds room when they are gone."""
    staying: list[tuple[datetime, int, UUID]] = []
    for part in (WAITING, UNDER_WAY):
        places = line.places.filter(part, is_leaving=False)
        staying += places.values_list("turn_at", "pk", "run_id")
    oldest = [(pk, run_id) for _, pk, run_id in sorted(staying)[: excess(len(staying), line.at_once)]]
    line.places.filter(pk__in=[pk for pk, _ in oldest]).update(is_leaving=True)
    return tuple(run_id for _, run_id in oldest)


# --- afterwards ---


def end_of(run_id: UUID) -> int | None:
    """The line in which the place of an ended run is to be settled."""
    return Place.objects.filter(run_id=run_id, is_settled=False).values_list("line_id", flat=True).first()


Begin = Callable[[UUID], None]
"""Begins a pending run, within the caller's transaction. Raises Stale."""


def advance(line_id: int, begin: Begin) -> None:
    """Begins the runs of a line whose turn it is."""
    for _ in range(BEGUN_AT_ONCE_MAX):
        if not _begin_next(line_id, begin):
            return


def _begin_next(line_id: int, begin: Begin) -> bool:
    """Begins one run in a transaction of its own. Returns whether there may be more."""
    with transaction_of(database()):
        line = Line.objects.select_for_update().filter(pk=line_id).first()
        if line is None:
            return False
        at = reader.now()
        place = line.places.filter(WAITING).order_by("turn_at", "pk").first()
        if place is None or not _room(line, at):
            _settle(line, at)  # last, so that the sweep goes on for a process that dies before
            _look_again(line, at, place is not None)
            return False
        try:
            begin(place.run_id)
            line.places.filter(pk=place.pk).update(begun_at=at)
        except Stale as stale:
            logger.info("run %s: not begun: %s", place.run_id, stale)
            line.places.filter(pk=place.pk).update(ended_at=at)
    return True


def _settle(line: Line, at: datetime) -> None:
    """Forgets places that have ended, but for those that the rate still counts."""
    ended = line.places.filter(ENDED)
    counts = Q(begun_at__gt=at - timedelta(seconds=line.per)) if line.rate is not None else Q(pk=None)
    ended.filter(counts, is_settled=False).update(is_settled=True)
    ended.exclude(counts).delete()


def _look_again(line: Line, at: datetime, somebody_waits: bool) -> None:
    """Says when the rate lets the next one in, or the line can be removed; removes one that nobody is in."""
    due_at, is_anybody_in = None, somebody_waits or line.places.filter(UNDER_WAY).exists()
    if line.rate is not None and (somebody_waits or not is_anybody_in):
        counted = _begun(line, at).values_list("begun_at", flat=True)[: line.rate]
        due_at = looked_at([begun for begun in counted if begun], line.rate, line.per, somebody_waits)
    if due_at is None and not is_anybody_in and not line.places.filter(ENDED).exists():
        line.delete()
    elif due_at != line.due_at:
        Line.objects.filter(pk=line.pk).update(due_at=due_at)


def leaving() -> QuerySet[Place]:
    """Places of runs that are to be cancelled, and are still going forward."""
    going = Q(run__status__in=("pending", "running", "waiting", "blocked"))
    return Place.objects.filter(going, is_leaving=True, ended_at__isnull=True)


def to_settle() -> list[int]:
    ended = Place.objects.filter(ended_at__isnull=False, is_settled=False).order_by("ended_at")
    return list(dict.fromkeys(ended.values_list("line_id", flat=True)[:BEGUN_AT_ONCE_MAX]))
