"""Rehearsals from end to end: of the shipped workflows, and of workers that do what they should not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config.lib.caches import clear_all
from designer.errors import PublishRefused, UnknownWorkflow
from designer.models import Workflow
from designer.services.workflows import publish, save_draft, sync_patterns
from runs.models import Run
from workers.cli.local_run import start_and_run
from workers.rehearsal.faults import FAULTS
from workers.rehearsal.report import Report
from workers.rehearsal.service import job_of, rehearse

pytestmark = pytest.mark.django_db(transaction=True)

PATTERN = Path(__file__).parents[4] / "designer" / "patterns" / "order_processing.yaml"
OWN = "tests.integration.workers.rehearsal.workers_of_tests"


@pytest.fixture
def own_workers(settings: Any) -> Iterator[None]:
    settings.WORKER_MODULES = [OWN]
    clear_all()
    yield
    clear_all()


def rehearsed(document: dict[str, Any], **more: Any) -> Report:
    report = Report(document["name"])
    for event in rehearse(job_of(document["name"], {}, document=document, **more)):
        report.take(event)
    return report


def workflow(*steps: dict[str, Any]) -> dict[str, Any]:
    named = [{"name": step["worker"], **step} for step in steps]
    names = [step["name"] for step in named]
    edges = [{"from": first, "to": second} for first, second in zip(names, names[1:], strict=False)]
    return {"schema": 1, "name": "notes", "steps": named, "edges": edges}


def cells_of(report: Report, step: str) -> dict[str, dict[str, Any]]:
    return {cell["fault"]: cell for cell in report.cells if cell["step"] == step}


NOTE = {"worker": "write_note", "retry": {"max_attempts": 2}}


def test_the_matrix_of_a_careful_worker(own_workers: None) -> None:
    report = rehearsed(workflow(NOTE, {"worker": "say_plainly"}))
    assert not report.is_bad and report.is_ended
    assert [row["how"] for row in report.rows] == ["real", "stub"]
    assert report.checks == ["count_notes"]
    assert report.planned == len(report.cells) == 1 + 7 + 5
    ends = {fault: (cell["status"], cell["undone"]) for fault, cell in cells_of(report, "write_note").items()}
    assert ends == {
        "fails_before": ("failed", []),
        "fails_after": ("compensated", ["write_note"]),
        "times_out": ("completed", []),
        "killed_before": ("completed", []),
        "killed_after": ("completed", []),
        "undo_fails": ("cancelled", ["write_note"]),
        "undo_killed": ("cancelled", ["write_note"]),
    }
    later = cells_of(report, "say_plainly")
    assert later["fails_before"]["undone"] == ["write_note"]
    assert later["killed_before"]["attempts"] == 3
    assert [found["undo"] for found in report.examined] == ["remove_note"]
    assert list(Path(settings.DATA_DIR).glob("notes/*")) == []


def test_what_an_undo_leaves_is_found_by_the_check(own_workers: None) -> None:
    report = rehearsed(workflow({**NOTE, "compensation": {"worker": "forget_note"}}))
    wrong = cells_of(report, "write_note")["undo_fails"]
    assert wrong["verdict"] == "check" and wrong["books"][0].startswith("count_notes: ")
    assert report.bad_undos[0]["undo"] == "forget_note"
    assert report.is_bad


def test_an_effect_that_nothing_undoes_is_left(own_workers: None) -> None:
    report = rehearsed(workflow({"worker": "keep_note"}, {"worker": "say_plainly"}))
    failed = cells_of(report, "say_plainly")["fails_before"]
    assert (failed["verdict"], failed["left"]) == ("left", ["keep_note"])


def test_a_worker_that_swallows_the_guard_s_word_is_told_all_the_same(own_workers: None) -> None:
    report = rehearsed(workflow({"worker": "call_home"}))
    assert {cell["verdict"] for cell in report.cells if cell["fault"] != "fails_before"} >= {"outside"}
    assert report.cells[0]["outside"] == ["looks up the host: 192.0.2.1"]
    assert report.is_bad


def test_an_expression_may_be_the_check(own_workers: None) -> None:
    good = rehearsed(workflow({"worker": "say_plainly"}), check='=run.status in ["completed", "failed"]')
    assert not good.is_bad
    bad = rehearsed(workflow({"worker": "say_plainly"}), check='=run.status == "completed"')
    assert cells_of(bad, "say_plainly")["fails_before"]["books"] == ['`run.status == "completed"` is false']


def test_a_recorded_worker_answers_as_in_its_newest_run(own_workers: None) -> None:
    document = workflow({"worker": "look_up"}, {"worker": "say_plainly", "when": "steps.look_up.price == 42"})
    reached = [row["step"] for row in rehearsed(document).rows]
    assert reached == ["look_up"]  # nothing is recorded yet, and the stub says 1
    save_draft("notes", workflow({"worker": "look_up"}), 0)
    for _ in start_and_run(publish("notes"), {}, None):
        pass
    assert [row["step"] for row in rehearsed(document).rows] == ["look_up", "say_plainly"]
    given = rehearsed(document, outputs={"look_up": {"price": 7}})
    assert [row["step"] for row in given.rows] == ["look_up"]


# --- the shop ---


def everything_outside() -> dict[str, str]:
    """What a rehearsal might touch: all rows of the database, and the files of the data folder."""
    rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            rows[table] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    data = Path(settings.DATA_DIR)
    own = (data / "rehearsal", data / "valkey")
    files = [path for path in data.rglob("*") if path.is_file() and not set(own) & set(path.parents)]
    kept = [path for path in files if "sqlite3" not in path.name]
    return rows | {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def test_a_rehearsal_of_the_shop_touches_nothing_outside() -> None:
    before = everything_outside()
    printed = StringIO()
    call_command("rehearse_workflow", str(PATTERN), "--json", stdout=printed)
    report = json.loads(printed.getvalue())
    assert everything_outside() == before
    assert report["ok"] and report["complete"]
    assert report["checks"] == ["shop_books"]
    assert len(report["cells"]) == 1 + 3 * 7 + 5
    assert [row["how"] for row in report["rows"]] == ["real"] * 4
    assert all(cell["outside"] == [] for cell in report["cells"])
    assert [found["undo"] for found in report["examined"]] == [
        "release_inventory",
        "refund_payment",
        "cancel_shipment",
    ]
    assert not any(one["problem"] for found in report["examined"] for one in found["findings"])
    last = {cell["fault"]: cell for cell in report["cells"] if cell["step"] == "send_confirmation"}
    assert last["fails_before"]["undone"] == ["create_shipment", "charge_payment", "reserve_inventory"]
    assert last["fails_after"]["remains"] == ["send_confirmation"]


@pytest.mark.long
@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="a rehearsal has an SQLite database of its own on either"
)
def test_every_shipped_workflow_rehearses_well() -> None:
    sync_patterns()
    names = sorted(Workflow.objects.values_list("name", flat=True))
    assert len(names) > 15
    call_command("rehearse_workflow", *names, stdout=StringIO())  # exits with 1 if one does not
    assert Run.objects.count() == 0


# --- what cannot be rehearsed ---


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownWorkflow):
        job_of("nobody_knows")
    with pytest.raises(PublishRefused):
        job_of("wrong", document={"schema": 1, "name": "wrong", "steps": [{"name": "a", "worker": "none"}]})


def test_each_fault_has_its_words() -> None:
    assert len({fault.title for fault in FAULTS}) == len(FAULTS) == 7
    assert all("{step}" in fault.sentence for fault in FAULTS)
