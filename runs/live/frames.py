"""What sockets send, as read from the database; in threads of their own, one statement a thing that moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from runs.machine.limits import FRAMES_MAX
from runs.machine.states import RUN_LIVE
from runs.models import Intervention, Run
from runs.queries.runs import frames, intervention_json, list_frame
from runs.store import reader

LIVE_MAX = 5_000

OPENED, CLAIMED, ANSWERED = ORDER = ("intervention.opened", "intervention.claimed", "intervention.answered")

Frame = tuple[int, str]
InterventionMove = tuple[str, int, str]
"""Of which run, opened by which entry, and what happened to it."""
InterventionFrame = tuple[int, str, str, str]
"""Id of the intervention, what happened, the frame, and who has claimed it."""


def text_of(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message).decode()


def last_seq(run_id: UUID) -> int | None:
    """How many entries a run has; None where there is no such run."""
    return Run.objects.filter(pk=run_id).values_list("last_seq", flat=True).first()


def last_seqs(run_ids: Collection[UUID]) -> dict[UUID, int]:
    return dict(Run.objects.filter(pk__in=run_ids).values_list("pk", "last_seq"))


def chunk(run_id: UUID, after: int) -> list[Frame]:
    """Frames after number `after`, at most FRAMES_MAX."""
    return [(frame["seq"], text_of(frame)) for frame in frames(run_id, after, FRAMES_MAX)]


def chunks(places: Mapping[UUID, int]) -> dict[UUID, list[Frame]]:
    return {run_id: chunk(run_id, after) for run_id, after in places.items()}


def live_seqs() -> dict[UUID, int]:
    """The newest runs that have not ended, with their numbers of entries."""
    found: list[tuple[datetime, UUID, int]] = []
    for status in RUN_LIVE:  # one by one, each by its index: all at once, it is the index of all runs
        runs = Run.objects.filter(status=status, trial=False).order_by("-created_at", "-id")
        found += runs.values_list("created_at", "pk", "last_seq")[:LIVE_MAX]
    return {run_id: seq for _, run_id, seq in sorted(found, reverse=True)[:LIVE_MAX]}


def list_frames(run_ids: Collection[UUID]) -> list[tuple[UUID, int, str, bool]]:
    """Id, number of entries, frame and whether it ended, of those runs that are no trials."""
    at = reader.now()
    columns = ("id", "workflow_name", "status", "done", "total", "finished_at", "last_seq")
    runs = Run.objects.filter(pk__in=run_ids, trial=False).only(*columns)
    return [(run.pk, run.last_seq, text_of(list_frame(run, at)), run.status not in RUN_LIVE) for run in runs]


def intervention_frames(moved: Collection[InterventionMove]) -> list[InterventionFrame]:
    found = []
    more = {"open": count_open()}
    for run_id, opened, event in sorted(moved, key=_rank):
        intervention = Intervention.objects.filter(run_id=run_id, opened_seq=opened).first()
        if intervention is not None:
            text = text_of(intervention_json(intervention) | {"event": event} | more)
            found.append((intervention.pk, event, text, intervention.claimed_by))
    return found


def _rank(move: InterventionMove) -> int:
    return ORDER.index(move[2]) if move[2] in ORDER else 1


def open_count() -> str:
    """The frame that says how many interventions are open."""
    return text_of({"event": "count", "open": count_open()})


def count_open() -> int:
    return Intervention.objects.filter(status="open").count()


def open_interventions() -> dict[int, tuple[InterventionMove, str]]:
    """Interventions that are open, by id, as they were opened, and who has claimed them."""
    rows = Intervention.objects.filter(status="open").order_by("-opened_at")
    found = rows.values_list("pk", "run_id", "opened_seq", "claimed_by")[:LIVE_MAX]
    return {pk: ((str(run_id), opened, OPENED), claimed) for pk, run_id, opened, claimed in found}


def answered_interventions(ids: Collection[int]) -> list[InterventionMove]:
    rows = Intervention.objects.filter(pk__in=ids, status="answered").exclude(claimed_by="")
    claimed = [(str(run_id), opened, CLAIMED) for run_id, opened in rows.values_list("run_id", "opened_seq")]
    rows = Intervention.objects.filter(pk__in=ids, status="answered")
    return claimed + [
        (str(run_id), opened, ANSWERED) for run_id, opened in rows.values_list("run_id", "opened_seq")
    ]
