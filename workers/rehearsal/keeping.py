"""Keeps rehearsals: starts one in a process of its own, writes down what it finds, stops it on request.

The web process only writes a row and starts `manage.py rehearse_workflow NAME --kept ID`; that process reads
the row and writes into it after every run that it has played.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from config.installation import import_path
from config.lib.errors import SagaboardError
from config.lib.secret_places import map_secrets
from config.lib.secrets import input_place, is_sealed, seal
from config.sealing_keys import sealing_keys
from designer.models import PublishNeeds, Workflow
from designer.services.folder_rights import seen
from designer.services.queries import document_of, get_workflow
from runs.store import reader
from workers.rehearsal.models import ERROR_LENGTH_MAX, Rehearsal
from workers.rehearsal.report import Report
from workers.rehearsal.service import digest_of, job_of, rehearse

AT_ONCE_MAX = 2
KEPT_MAX = 10  # of each workflow
EXAMINED_ROWS_MAX = 500
LOST_S = 300  # without a word of its process
Status = Rehearsal.Status


class NoRehearsal(SagaboardError):
    """This workflow was not rehearsed yet."""

    status = 404
    code = "no_rehearsal"


class NotRehearsed(SagaboardError):
    """This workflow is published only with a rehearsal of what is published that went well."""

    status = 409
    code = "not_rehearsed"


class UnderWay(SagaboardError):
    """A rehearsal of this workflow is under way; stop it, or wait for its end."""

    status = 409
    code = "rehearsal_under_way"


class TooMany(SagaboardError):
    """Too many rehearsals are under way; try again in a minute."""

    status = 503
    code = "busy"
    retry_after_s = 60


def newest(name: str) -> Rehearsal:
    """Returns the newest rehearsal of a workflow. Raises UnknownWorkflow or NoRehearsal."""
    rehearsal = Rehearsal.objects.filter(workflow=get_workflow(name)).select_related("started_by").first()
    if rehearsal is None:
        raise NoRehearsal
    return _as_it_is(rehearsal)


def is_current(rehearsal: Rehearsal, workflow: Workflow) -> bool:
    """Whether what was rehearsed is what would be published now."""
    return rehearsal.digest == digest_of(document_of(workflow) or {})


def require_good(name: str, resolved: Mapping[str, Any], tests: Any) -> None:
    """Raises NotRehearsed where publishing needs a rehearsal, and none of the draft has gone well."""
    workflow = Workflow.objects.filter(name=name, publish_needs=PublishNeeds.REHEARSAL).first()
    if workflow is None:
        return
    row = Rehearsal.objects.filter(workflow=workflow).first()
    if row is None or not is_current(row, workflow):
        raise NotRehearsed(f"{name} is published only when it is rehearsed; rehearse this draft first.")
    if row.status != Status.ENDED or row.is_bad:
        raise NotRehearsed(f"{name} is published only after a rehearsal that goes well; this one did not.")


def begin(
    name: str,
    input: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    check: str = "",
    user: Any = None,
) -> Rehearsal:
    """Starts a rehearsal of what is edited next.

    Raises PublishRefused, UnderWay, TooMany or UnknownWorkflow.
    """
    job = job_of(name, input, outputs=outputs, check=check, user=user)  # refuses what could not be published
    with transaction.atomic():
        workflow = Workflow.objects.select_for_update().get(name=name)
        open_ones = [_as_it_is(row) for row in Rehearsal.objects.filter(status=Status.UNDER_WAY)]
        under_way = [row for row in open_ones if row.status == Status.UNDER_WAY]
        if any(row.workflow_id == workflow.pk for row in under_way):
            raise UnderWay
        if len(under_way) >= AT_ONCE_MAX:
            raise TooMany
        rehearsal = Rehearsal.objects.create(
            workflow=workflow,
            digest=digest_of(job.document),
            input=None if input is None else _with_seals(name, job.document, input),
            outputs=dict(outputs or {}),
            check_by=check,
            started_by=user,
        )
        _remove_old(workflow)
    _start_process(name, rehearsal.pk)
    return rehearsal


def stop(name: str) -> Rehearsal:
    """Has the rehearsal under way end after the run that it is at. Raises NoRehearsal."""
    rehearsal = newest(name)
    Rehearsal.objects.filter(pk=rehearsal.pk, status=Status.UNDER_WAY).update(is_to_stop=True)
    rehearsal.refresh_from_db()
    return rehearsal


def carry_out(pk: int) -> None:
    """Plays a rehearsal that was begun, and writes down what it finds. The life of its process."""
    row = Rehearsal.objects.select_related("workflow").get(pk=pk)
    report = Report(row.workflow.name)
    try:
        job = job_of(report.workflow, row.input, outputs=row.outputs, check=row.check_by, user=row.started_by)
        row.digest = digest_of(job.document)
        for event in rehearse(job):
            report.take(event)
            _write(row, report)
            if Rehearsal.objects.filter(pk=pk, is_to_stop=True).exists():
                row.status = Status.STOPPED
                break
        else:
            row.status = Status.FAILED if report.refused else Status.ENDED
            row.error = report.refused
    except SagaboardError as error:
        row.status, row.error = Status.FAILED, str(error)[:ERROR_LENGTH_MAX]
    except Exception as error:  # else the row would stay under way
        row.status, row.error = Status.FAILED, f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX]
    _write(row, report)


def rehearsal_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """Returns a rehearsal as the API has it."""
    content = rehearsal.content
    return {
        "workflow": rehearsal.workflow.name,
        "status": rehearsal.status,
        "digest": rehearsal.digest,
        "current": is_current(rehearsal, rehearsal.workflow),
        "ok": rehearsal.status == Status.ENDED and not rehearsal.is_bad,
        "played": len(content.get("cells", ())),
        "planned": content.get("planned", 0),
        "error": rehearsal.error,
        "started_at": rehearsal.started_at.isoformat(),
        "seen_at": rehearsal.seen_at.isoformat(),
        "started_by": rehearsal.starter,
        **{key: content.get(key, []) for key in ("checks", "barred", "rows", "cells", "examined")},
    }


def _with_seals(name: str, document: Mapping[str, Any], input: Mapping[str, Any]) -> Any:
    """An input with the values sealed that its schema marks as secret, as a run keeps it."""

    def change(value: Any, path: str) -> Any:
        return value if is_sealed(value) else seal(value, sealing_keys()[0], input_place(name, path))

    return map_secrets(dict(input), document.get("input_schema"), change)


def examined_undos(user: Any = None) -> list[dict[str, Any]]:
    """What the latest examination of each worker's undo has shown, by worker and undo.

    Of workflows that the person may not see nothing is told.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    ended = seen(Rehearsal.objects.filter(status=Status.ENDED), user, "workflow__name")
    rows = ended.select_related("workflow")[:EXAMINED_ROWS_MAX]
    for row in rows:
        for one in row.content.get("examined", ()):
            problems = [f"{each['title']}: {each['problem']}" for each in one["findings"] if each["problem"]]
            undo = {
                "worker": one["worker"],
                "undo": one["undo"],
                "idempotent": not problems,
                "problems": problems,
                "workflow": row.workflow.name,
                "at": row.seen_at.isoformat(),
            }
            found.setdefault((one["worker"], one["undo"]), undo)
    return [found[key] for key in sorted(found)]


def _write(row: Rehearsal, report: Report) -> None:
    row.content, row.is_bad = report.as_json(), report.is_bad
    row.save(update_fields=["content", "is_bad", "status", "error", "digest", "seen_at"])


def _as_it_is(row: Rehearsal) -> Rehearsal:
    """A rehearsal whose process has said nothing for long has failed."""
    is_silent = reader.now() - row.seen_at > timedelta(seconds=LOST_S)
    if row.status == Status.UNDER_WAY and is_silent:
        row.status, row.error = Status.FAILED, "its process has ended without a word"
        row.save(update_fields=["status", "error"])
    return row


def _remove_old(workflow: Workflow) -> None:
    kept = Rehearsal.objects.filter(workflow=workflow).values_list("pk", flat=True)[:KEPT_MAX]
    Rehearsal.objects.filter(workflow=workflow).exclude(pk__in=list(kept)).delete()


def _start_process(name: str, pk: int) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "rehearse_workflow", name]
    process = subprocess.Popen(
        [*command, "--kept", str(pk)],
        env={**os.environ, "SECRET_KEY": settings.SECRET_KEY, "PYTHONPATH": os.pathsep.join(import_path())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name=f"rehearsal-{pk}", daemon=True).start()
