"""Slots of named limits: which step holds one, which waits, and which comes next. No rules of runs.

Theory of operation. A slot is a row of a step: it waits, is offered, or is held. It becomes held in the
transaction of the claim and is deleted in the transaction that ends the attempt, both as a part of the
step's own changes (`statements`). So a slot cannot outlive its lease: an expired lease, a lost process and
a cancelled run free it like any report.

A claim locks the limit's row first (`free_at`), then counts. So two claims of one limit follow each other,
and there are never more holders than the limit says; those who free a slot lock nothing. `offer` locks the
same row to choose who is next, and keeps a slot for each for as long as an offer lasts. A step that goes on
in its process without an offer is let in only if nobody waits before it.

An offer that nobody takes lapses, and the sweep decides (`lapsed`): its job still lies in its queue, then
others pass it and it is let in when it comes; or it is lost, then the step waits as before, in its old
place.

A rate is counted over the time that has passed, by numbered rows: at most `rate` starts in any `per`
seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from runs.machine.limits import PRIORITY_STANDARD
from runs.store.database import Database, Statement

OFFER_S = 5.0  # for which a slot is kept for a step that is offered it
PASSED_OVER_S = 15.0  # until a step that others have passed is looked at again
OFFERED_AT_ONCE_MAX = 200
ROOM_MAX = 1_000_000  # of a limit that states no number
LAPSED_MAX = 500
COUNTED_MAX = 1_000  # steps that are counted before one that waits
LEFT_BEHIND_S = 60.0  # how long after its lease a slot is freed that no unit of work has freed
PRIORITY_S = 60.0  # what one step of priority is worth in waiting time, so that nobody waits for ever

Standing = Literal["waits", "holds", "none"]


@dataclass(frozen=True, slots=True)
class SlotChange:
    """The standing of a step towards its limit after a unit of work.

    `until`: the end of the lease; `taken_at`: when its slot was found free.
    """

    step: str
    standing: Standing
    limit: str = ""
    lease: int = 0
    queue: str = ""
    rank: int = 1
    turn_at: datetime | None = None
    until: datetime | None = None
    priority: int = PRIORITY_STANDARD
    taken_at: datetime | None = None


def turn_of(at: datetime, priority: int) -> datetime:
    """When who comes now counts as having come: each step of priority is worth PRIORITY_S of waiting."""
    return at - timedelta(seconds=PRIORITY_S * (priority - PRIORITY_STANDARD))


@dataclass(frozen=True, slots=True)
class Offered:
    """A step that may be claimed now."""

    run_id: UUID
    step: str
    lease: int
    queue: str
    priority: int


WAITING = "NOT held AND offered_until IS NULL"
RESERVED = "NOT held AND is_reserved AND offered_until > %s"

KNOW_SQL = "INSERT INTO designer_limit (name) VALUES (%s) ON CONFLICT (name) DO NOTHING"
PUT_SQL = (
    "INSERT INTO runs_slot"
    " (run_id, step, limit_name, lease, queue, rank, turn_at, held, until, priority, is_reserved)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false) ON CONFLICT (run_id, step) DO UPDATE SET"
    " limit_name=excluded.limit_name, lease=excluded.lease, queue=excluded.queue, rank=excluded.rank,"
    " held=excluded.held, until=excluded.until, priority=excluded.priority,"
    " offered_until=NULL, is_reserved=false"
)
COUNT_USE_SQL = (
    "INSERT INTO runs_slotuse (limit_name, number, at) SELECT name, 1 + COALESCE("
    "(SELECT MAX(number) FROM runs_slotuse WHERE limit_name = designer_limit.name), 0), %s"
    " FROM designer_limit WHERE name = %s AND rate IS NOT NULL"
)
FREE_SQL = "DELETE FROM runs_slot WHERE run_id = %s AND step = %s"
FREE_LEASE_SQL = f"{FREE_SQL} AND held AND lease = %s"
END_SQL = "DELETE FROM runs_slot WHERE run_id = %s AND NOT held"
WAIT_AGAIN_SQL = (
    "UPDATE runs_slot SET offered_until = NULL, is_reserved = false"
    " WHERE run_id = %s AND step = %s AND NOT held"
)
OFFER_SQL = "UPDATE runs_slot SET offered_until = %s, is_reserved = true WHERE id = %s"
OVERTAKE_SQL = "UPDATE runs_slot SET offered_until = %s, is_reserved = false WHERE id = %s AND NOT held"
LOST_SQL = "UPDATE runs_slot SET offered_until = NULL, is_reserved = false WHERE id = %s AND NOT held"
DUE_SQL = "UPDATE designer_limit SET due_at = %s WHERE name = %s"
FORGET_USES_SQL = "DELETE FROM runs_slotuse WHERE limit_name = %s AND at <= %s"

LIMIT_SQL = "SELECT at_once, rate, per, due_at FROM designer_limit WHERE name = %s"
STANDING_SQL = (
    "SELECT (SELECT COUNT(*) FROM runs_slot WHERE limit_name = %s AND held),"
    f" (SELECT COUNT(*) FROM runs_slot WHERE limit_name = %s AND {RESERVED})"
)
OWN_SQL = f"SELECT turn_at FROM runs_slot WHERE run_id = %s AND step = %s AND {RESERVED}"
BEFORE_SQL = (
    f"SELECT COUNT(*) FROM (SELECT 1 FROM runs_slot WHERE limit_name = %s AND {WAITING}"
    " AND (rank, turn_at) < (%s, %s) LIMIT %s) AS before_it"
)
USED_SQL = (
    "SELECT (SELECT MIN(number) FROM runs_slotuse WHERE limit_name = %s AND at > %s),"
    " (SELECT MAX(number) FROM runs_slotuse WHERE limit_name = %s)"
)
USE_SQL = "SELECT at FROM runs_slotuse WHERE limit_name = %s AND number = %s"
# Asks for the first in order: so the index is used however many of the rows are of one limit.
FIRST_SQL = (
    f"SELECT COUNT(*) FROM (SELECT 1 FROM runs_slot WHERE limit_name = %s AND {WAITING}"
    " ORDER BY rank, turn_at, id LIMIT 1) AS first_of_it"
)
PLACE_SQL = (
    "SELECT COUNT(*) FROM (SELECT 1 FROM runs_slot WHERE limit_name = %s AND NOT held"
    " AND (rank, turn_at, id) < (%s, %s, %s) LIMIT %s) AS before_it"
)
NEXT_SQL = (
    f"SELECT id, run_id, step, lease, queue, priority FROM runs_slot WHERE limit_name = %s AND {WAITING}"
    " ORDER BY rank, turn_at, id LIMIT %s"
)
FIRST_OFFERED_SQL = (
    "SELECT COUNT(*) FROM (SELECT 1 FROM runs_slot WHERE limit_name = %s AND NOT held"
    " AND offered_until IS NOT NULL ORDER BY offered_until LIMIT 1) AS first_of_it"
)
LAPSED_SQL = (
    "SELECT id, run_id, step, lease, queue, priority FROM runs_slot WHERE limit_name = %s AND NOT held"
    " AND offered_until <= %s ORDER BY offered_until LIMIT %s"
)
LEFT_BEHIND_SQL = "DELETE FROM runs_slot WHERE limit_name = %s AND held AND until < %s"
LIMITS_SQL = "SELECT name FROM designer_limit ORDER BY name"


def statements(db: Database, run_id: UUID, changes: Iterable[SlotChange]) -> list[Statement]:
    """The statements that write the standing of steps, in the transaction that changes the steps."""
    key = db.key(run_id)
    batch: list[Statement] = []
    for change in changes:
        if change.standing == "none":
            batch.append((FREE_SQL, [(key, change.step)]))
            continue
        is_held = change.standing == "holds"
        turn_at, until = db.time(change.turn_at), db.time(change.until)
        stated = (change.limit, change.lease, change.queue, change.rank, turn_at, is_held, until)
        batch += [
            (KNOW_SQL, [(change.limit,)]),
            (PUT_SQL, [(key, change.step, *stated, change.priority)]),
        ]
        if is_held:
            batch.append((COUNT_USE_SQL, [(db.time(change.taken_at or change.turn_at), change.limit)]))
    return batch


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit's row as it was locked, and the database's time then."""

    name: str
    at_once: int | None
    rate: int | None
    per: float
    due_at: datetime | None
    at: datetime


def _locked(db: Database, name: str) -> LimitRow | None:
    rows = db.rows(db.locked((LIMIT_SQL, [name])))
    if not rows:
        return None
    at_once, rate, per, due_at = rows[0][:4]
    return LimitRow(name, at_once, rate, per, due_at and db.time_of(due_at), db.time_with(rows))


def free_at(db: Database, run_id: UUID, change: SlotChange) -> datetime | None:
    """The time, if a step may hold a slot now, else None; locks the limit until the transaction ends.

    Of a limit that nobody has stated there is always one.
    """
    limit = _locked(db, change.limit)
    if limit is None:
        return db.now()
    return limit.at if _is_free(db, limit, run_id, change) else None


def _is_free(db: Database, limit: LimitRow, run_id: UUID, change: SlotChange) -> bool:
    if limit.at_once is None and limit.rate is None:
        return True
    now = db.time(limit.at)
    ((held, reserved),) = db.rows((STANDING_SQL, [limit.name, limit.name, now]))
    room = _room(db, limit, held)
    if db.rows((OWN_SQL, [db.key(run_id), change.step, now])):
        return room > 0
    turn = [limit.name, change.rank, db.time(change.turn_at or limit.at), room - reserved]
    return room > reserved and bool(room - reserved > db.rows((BEFORE_SQL, turn))[0][0])


def _room(db: Database, limit: LimitRow, held: int) -> int:
    """How many more steps may begin now."""
    rooms = [ROOM_MAX]
    if limit.at_once is not None:
        rooms.append(limit.at_once - held)
    if limit.rate is not None:
        rooms.append(limit.rate - _used(db, limit)[0])
    return min(rooms)


def _used(db: Database, limit: LimitRow) -> tuple[int, int]:
    """How many calls have begun within the time of the rate, and the number of the last one."""
    since = db.time(limit.at - timedelta(seconds=limit.per))
    db.write([(FORGET_USES_SQL, [(limit.name, since)])])
    ((first, last),) = db.rows((USED_SQL, [limit.name, since, limit.name]))
    return (0, last or 0) if first is None else (last - first + 1, last)


def waits(db: Database, name: str) -> bool:
    """Whether a step waits for a slot of this limit that is not offered one."""
    return bool(db.rows((FIRST_SQL, [name]))[0][0])


def _is_offered(db: Database, name: str) -> bool:
    return bool(db.rows((FIRST_OFFERED_SQL, [name]))[0][0])


def before(db: Database, name: str, rank: int, turn_at: datetime, key: int) -> int:
    """How many steps come before the row `key` that waits, up to COUNTED_MAX."""
    return int(db.rows((PLACE_SQL, [name, rank, db.time(turn_at), key, COUNTED_MAX]))[0][0])


def offer(db: Database, name: str) -> list[Offered]:
    """Offers what is free to those who are next, within the caller's transaction; returns them.

    The row of the limit gets the time at which it is to be looked at again.
    """
    limit = _locked(db, name)
    if limit is None:
        return []
    now = db.time(limit.at)
    ((held, reserved),) = db.rows((STANDING_SQL, [name, name, now]))
    free = min(_room(db, limit, held) - reserved, OFFERED_AT_ONCE_MAX)
    rows = db.rows((NEXT_SQL, [name, free])) if free > 0 else []
    until = limit.at + timedelta(seconds=OFFER_S)
    if rows:
        db.write([(OFFER_SQL, [(db.time(until), row[0]) for row in rows])])
    is_open = bool(rows) or _is_offered(db, name) or waits(db, name)
    due_at = min(until, _freed_at(db, limit) or until) if is_open else None
    if due_at != limit.due_at:
        db.write([(DUE_SQL, [(db.time(due_at), name)])])
    return [_offered(row) for row in rows]


def _freed_at(db: Database, limit: LimitRow) -> datetime | None:
    """When the rate lets the next call begin, if it lets none begin now."""
    if limit.rate is None:
        return None
    used, last = _used(db, limit)
    if used < limit.rate:
        return None
    rows = db.rows((USE_SQL, [limit.name, last - limit.rate + 1]))
    return db.time_of(rows[0][0]) + timedelta(seconds=limit.per) if rows else None


def _offered(row: Sequence[Any]) -> Offered:
    _, run_id, step, lease, queue, priority = row
    return Offered(UUID(str(run_id)), step, lease, queue, priority)


def wait_again(db: Database, run_id: UUID, step: str) -> None:
    """A step that came for its slot and found none waits on, in its old place."""
    db.write([(WAIT_AGAIN_SQL, [(db.key(run_id), step)])])


def free_lease(db: Database, run_id: UUID, step: str, lease: int) -> None:
    """Frees the slot of an attempt of an ended run: it was kept for as long as the worker was at it."""
    db.write([(FREE_LEASE_SQL, [(db.key(run_id), step, lease)])])


def limit_names(db: Database) -> list[str]:
    return [name for (name,) in db.rows((LIMITS_SQL, []))]


def lapsed(db: Database, name: str, at: datetime) -> list[tuple[int, Offered]]:
    """Steps whose offer nobody has taken in time, with the keys of their rows."""
    rows = db.rows((LAPSED_SQL, [name, db.time(at), LAPSED_MAX]))
    return [(row[0], _offered(row)) for row in rows]


def settle_lapsed(db: Database, at: datetime, passed_over: Sequence[int], lost: Sequence[int]) -> None:
    """Lets others pass the steps whose jobs still lie in their queues; those whose jobs are lost wait on."""
    look_at = db.time(at + timedelta(seconds=PASSED_OVER_S))
    batch: list[Statement] = [(OVERTAKE_SQL, [(look_at, key) for key in passed_over])]
    batch.append((LOST_SQL, [(key,) for key in lost]))
    db.write([(sql, rows) for sql, rows in batch if rows])


def free_left_behind(db: Database, name: str, at: datetime) -> None:
    """Frees slots whose lease ended long ago: of attempts of abandoned runs that were never reported."""
    db.write([(LEFT_BEHIND_SQL, [(name, db.time(at - timedelta(seconds=LEFT_BEHIND_S)))])])
