"""Export: an ended run as one JSON file: definition, input, journal, outputs, and the runs that it started.

Reading only. Sealed values are replaced by dots. `runs.transfer.import_` reads the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from config.lib.json import iso, json_text
from config.lib.secrets import mask_secrets
from designer.models import WorkflowVersion
from designer.services.folder_rights import seen
from runs.errors import RunsError
from runs.machine.errors import Refused
from runs.machine.events import Entry
from runs.machine.states import RUN_ENDED
from runs.models import JournalEntry, Run
from runs.queries.run_page import starting_state
from runs.queries.runs import load
from runs.store import reader

FORMAT = "sagaboard.run"
SCHEMA = 1
FILE_BYTES_MAX = 32_000_000
RUNS_MAX = 200

Json = dict[str, Any]


class TooLarge(RunsError):
    """The run does not fit into a file."""

    code = "too_large"


def export(run: Run, origin: str, *, with_tracebacks: bool, user: Any = None) -> bytes:
    """The file of an ended run and of the runs it started; `origin`: the installation's address.

    Those that `user` may not see are left out.

    Raises Refused if one of these runs is under way, and TooLarge beyond FILE_BYTES_MAX or RUNS_MAX.
    """
    family = _family(run, user)
    head = {"format": FORMAT, "schema": SCHEMA, "exported_at": iso(reader.now()), "exported_from": origin}
    parts = [orjson.dumps(head)[:-1], b',"runs":[']
    size = 0
    for index, member in enumerate(family):
        for piece in _pieces(member, with_tracebacks):
            parts.append(piece)
            size += len(piece)
            if size > FILE_BYTES_MAX:
                raise TooLarge(
                    f"The run and those that it started have more than {FILE_BYTES_MAX // 1_000_000} MB;"
                    " a file takes no more. Download single values from its page instead."
                )
        parts.append(b"," if index + 1 < len(family) else b"]}")
    return b"".join(parts)


def _family(run: Run, user: Any) -> list[Run]:
    """The run, then those that it started and `user` may see, parents before children.

    Raises Refused or TooLarge.
    """
    family, generation = [run], [run]
    while generation:
        children = seen(Run.objects.filter(parent__in=generation), user).order_by("created_at", "pk")
        generation = list(children.select_related("started_by")[:RUNS_MAX])
        family += generation
        if len(family) > RUNS_MAX:
            raise TooLarge(f"The run started more than {RUNS_MAX} others; a file takes no more.")
    under_way = next((member for member in family if member.status not in RUN_ENDED), None)
    if under_way is not None:
        which = "The run" if under_way is run else f"Its run {under_way.pk}"
        raise Refused(
            f"{which} is still under way; it can be had as a file once it has ended.", code="not_ended"
        )
    return family


def _pieces(run: Run, with_tracebacks: bool) -> Iterator[bytes]:
    """One run as JSON, in pieces of one entry, as a journal may be large."""
    yield _text(_facts(run))[:-1] + b',"journal":['
    entries = JournalEntry.objects.filter(run=run).order_by("seq").iterator(chunk_size=500)
    for index, entry in enumerate(entries):
        yield (b"," if index else b"") + _text(entry_json(entry, with_tracebacks=with_tracebacks))
    yield b"]}"


def _facts(run: Run) -> Json:
    version = WorkflowVersion.every.get(pk=run.version_id)
    _, state = load(run.pk)
    origin = run.imported or {}
    return {
        "id": str(run.pk),
        "parent": str(run.parent_id) if run.parent_id else None,
        "parent_step": run.parent_step,
        "workflow": run.workflow_name,
        "version": origin.get("version") if origin else version.number or None,
        "trial": run.trial,
        "labels": run.labels,
        "input": dict(state.input),
        "created_at": iso(run.created_at),
        "started_by": origin.get("started_by", "") if origin else run.starter,
        "definition": {"document": version.document, "resolved": version.resolved},
        "state": starting_state(run.pk, state),
    }


def entry_json(entry: JournalEntry | Entry, *, with_tracebacks: bool = True) -> Json:
    data = dict(entry.data)
    if not with_tracebacks and isinstance(data.get("error"), dict):
        data["error"] = {key: value for key, value in data["error"].items() if key != "traceback"}
    return {
        "seq": entry.seq,
        "type": entry.type,
        "step": entry.step,
        "attempt": entry.attempt,
        "at": iso(entry.at),
        "status": entry.status,
        "data": data,
        "payload": entry.payload,
    }


def _text(value: Any) -> bytes:
    return mask_secrets(json_text(value)).encode()
