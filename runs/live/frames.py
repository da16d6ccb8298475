"""Reads the frames that sockets send. Called by the hub in threads of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from designer.services.folder_rights import folders_by_name, without
from runs.live.access import Person, user_of
from runs.live.feeds import Texts
from runs.machine.limits import FRAMES_MAX
from runs.machine.states import RUN_LIVE
from runs.models import IS_LISTED, Approval, Intervention, Run
from runs.queries import inbox
from runs.queries.runs import frames, intervention_json, list_frame
from runs.store import reader

LIVE_MAX = 5_000

OPENED, CLAIMED, ANSWERED = ORDER = ("intervention.opened", "intervention.claimed", "intervention.answered")

Frame = tuple[int, str]
InterventionMove = tuple[str, int, str]
"""Id of the run, number of the entry that opened the intervention, and what happened."""
InterventionFrame = tuple[int, str, Texts, str, int | None]
"""Id of the intervention, what happened, the frames, the person that has claimed it, and the folder."""


def text_of(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message).decode()


def last_seq(run_id: UUID) -> int | None:
    """Returns the number of a run's last entry; None if there is no such run."""
    return Run.objects.filter(pk=run_id).values_list("last_seq", flat=True).first()


def last_seqs(run_ids: Collection[UUID]) -> dict[UUID, int]:
    return dict(Run.objects.filter(pk__in=run_ids).values_list("pk", "last_seq"))


def chunk(run_id: UUID, after: int) -> list[Frame]:
    """Returns the frames after number `after`, at most FRAMES_MAX."""
    return [(frame["seq"], text_of(frame)) for frame in frames(run_id, after, FRAMES_MAX)]


def chunks(places: Mapping[UUID, int]) -> dict[UUID, list[Frame]]:
    return {run_id: chunk(run_id, after) for run_id, after in places.items()}


def live_seqs() -> dict[UUID, int]:
    """Returns the LIVE_MAX newest runs under way, with the numbers of their last entries."""
    rows: list[tuple[datetime, UUID, int]] = []
    for status in RUN_LIVE:  # a query for each reads its own index; one for all would read that of all runs
        runs = Run.objects.filter(IS_LISTED, status=status, trial=False).order_by("-created_at", "-id")
        rows += runs.values_list("created_at", "pk", "last_seq")[:LIVE_MAX]
    return {run_id: seq for _, run_id, seq in sorted(rows, reverse=True)[:LIVE_MAX]}


def list_frames(run_ids: Collection[UUID]) -> list[tuple[UUID, int, str, bool, int | None]]:
    """Returns id, number of the last entry, frame, whether it has ended, and folder, of runs that are no
    trials."""
    at = reader.now()
    columns = ("id", "workflow_name", "status", "done", "total", "finished_at", "last_seq")
    runs = list(Run.objects.filter(IS_LISTED, pk__in=run_ids, trial=False).only(*columns))
    folders = folders_by_name({run.workflow_name for run in runs})
    return [
        (
            run.pk,
            run.last_seq,
            text_of(list_frame(run, at)),
            run.status not in RUN_LIVE,
            folders.get(run.workflow_name),
        )
        for run in runs
    ]


def intervention_frames(
    moved: Collection[InterventionMove], views: Collection[frozenset[int]]
) -> list[InterventionFrame]:
    """Returns the frames of what happened to interventions, each with the number of open ones.

    `views`: the sets of folders that are hidden from listeners; each has a count of its own.
    """
    result: list[InterventionFrame] = []
    counts = {hidden: count_open(hidden) for hidden in views}
    for run_id, opened, event in sorted(moved, key=_rank):
        rows = Intervention.objects.filter(run_id=run_id, opened_seq=opened).select_related("run")
        intervention = rows.defer("run__input", "run__state").first()
        if intervention is not None:
            facts = intervention_json(intervention) | {"event": event}
            texts = {hidden: text_of(facts | {"open": count}) for hidden, count in counts.items()}
            folder = folders_by_name({intervention.run.workflow_name})[intervention.run.workflow_name]
            result.append((intervention.pk, event, texts, intervention.claimed_by, folder))
    return result


def _rank(move: InterventionMove) -> int:
    return ORDER.index(move[2]) if move[2] in ORDER else 1


def count_open(hidden: frozenset[int] = frozenset()) -> int:
    return without(Intervention.objects.filter(status="open"), hidden, "run__workflow_name").count()


def open_interventions() -> dict[int, tuple[InterventionMove, str]]:
    """Returns, by id, the opening of each open intervention and the person that has claimed it."""
    interventions = Intervention.objects.filter(status="open").order_by("-opened_at")
    rows = interventions.values_list("pk", "run_id", "opened_seq", "claimed_by")[:LIVE_MAX]
    return {pk: ((str(run_id), opened, OPENED), claimed) for pk, run_id, opened, claimed in rows}


def answered_interventions(ids: Collection[int]) -> list[InterventionMove]:
    """Returns what happened to the answered ones: the claim, if there was one, and the answer."""
    answered = Intervention.objects.filter(pk__in=ids, status="answered")
    rows = list(answered.values_list("run_id", "opened_seq", "claimed_by"))
    claims = [(str(run_id), opened, CLAIMED) for run_id, opened, claimed_by in rows if claimed_by]
    return claims + [(str(run_id), opened, ANSWERED) for run_id, opened, _ in rows]


def inbox_frames(people: Collection[Person]) -> dict[Person, str]:
    """Returns the frames with how much waits for each of these people."""
    return {person: inbox_frame(person) for person in people}


def inbox_frame(person: Person) -> str:
    waiting = inbox.count(user_of(*person))
    return text_of({"event": "inbox", "waiting": waiting.count, "is_more": waiting.is_more})


def inbox_now() -> tuple[object, ...]:
    """Returns what differs where something waits that did not, or waits no more."""
    newest = Approval.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest, inbox.count_all()
