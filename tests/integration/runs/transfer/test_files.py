"""A run as a file: there and back it is the same, and what a stranger put into a file is not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest import MonkeyPatch

from designer.models import Workflow, WorkflowVersion
from runs.engine import engine
from runs.lists.filters import Filters
from runs.lists.search import page_of
from runs.machine.errors import Refused
from runs.maintenance import retention
from runs.models import HourFigures, JournalEntry, Run, StepFigures, StepRun
from runs.queries.run_page import view_json
from runs.queries.runs import allowed, frames, load, run_json
from runs.statistics import counters
from runs.statistics.dashboard import overview
from runs.store import search_index
from runs.transfer import export, import_
from runs.transfer.import_ import ImportRefused, keep, read
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.people import client_of, person
from tests.replay import replayed
from workers.cli.local_run import start_and_run

ORIGIN = "https://board.example"
HERE = ("id", "now", "socket", "api", "page", "children")
Change = Callable[[dict[str, Any]], Any]


def file_of(run: Run) -> bytes:
    return export.export(run, ORIGIN, with_tracebacks=True)


def emptied() -> None:
    """As another installation would be."""
    Run.every.all().delete()
    StepFigures.objects.all().delete()
    WorkflowVersion.every.all().delete()
    Workflow.every.all().delete()


def told(run: Run) -> dict[str, Any]:
    """What the page and the API show of a run, without what belongs to the installation."""
    view = {key: value for key, value in view_json(run).items() if key not in HERE}
    whole = {key: value for key, value in run_json(run).items() if key not in ("id", "imported", "parent")}
    entries = [{key: value for key, value in frame.items() if key != "run"} for frame in frames(run.pk)]
    payloads = list(JournalEntry.objects.filter(run=run).order_by("seq").values_list("payload", flat=True))
    return {"view": view, "run": whole, "frames": entries, "payloads": payloads}


@pytest.fixture
def undone(run_here: RunHere) -> Run:
    return run_here(chain(step("a"), step("b"), step("c"), name="order"), faults={"c": "critical"}, amount=3)


@pytest.fixture
def grown(run_here: RunHere) -> Run:
    """Steps that were added, and a map some of whose items failed."""
    many = step("many", kind="map", worker="act", items="=context.numbers", tolerate=3)
    router = step("router", worker="choose", dynamic=True, compensation=None)
    return run_here(chain(router, many), choice=[{"name": "extra", "worker": "act"}], numbers=list(range(9)))


@pytest.fixture
def nested(publish: Publish) -> Run:
    publish(chain(step("inside"), name="child"))
    graph = chain(
        step("outer", kind="workflow", worker=None, compensation=None, workflow="child"), name="parent"
    )
    *_, run = start_and_run(publish(graph), {}, None)
    run.refresh_from_db()
    return run


class TestThereAndBack:
    @pytest.mark.parametrize("which", ["undone", "grown"])
    def test_the_page_and_the_replay_are_equal(self, which: str, request: pytest.FixtureRequest) -> None:
        run: Run = request.getfixturevalue(which)
        before, raw, ran_as = told(run), file_of(run), str(run.pk)
        emptied()
        copy = keep(read(raw), None, "case.run.json")
        copy.refresh_from_db()
        assert told(copy) == before
        assert copy.imported is not None
        assert (copy.imported["id"], copy.imported["from"]) == (ran_as, ORIGIN)
        assert copy.imported["version"] == 1
        stored = load(copy.pk)[1]
        assert replayed(copy).steps() == stored.steps()
        assert Workflow.objects.count() == 0
        assert WorkflowVersion.objects.count() == 0

    def test_a_file_of_an_earlier_version_is_read(self, undone: Run) -> None:
        file = json.loads(file_of(undone))
        state = file["runs"][0]["state"]
        for field in ("reason", "paused", "asked"):
            del state[field]
        for told_step in state["steps"].values():
            told_step.pop("routes", None)
        assert keep(read(json.dumps(file).encode()), None).status == "compensated"

    def test_a_copy_can_be_handed_on(self, undone: Run) -> None:
        copy = keep(read(file_of(undone)), None)
        again = json.loads(export.export(copy, ORIGIN, with_tracebacks=True))["runs"][0]
        first = json.loads(file_of(undone))["runs"][0]
        assert {**again, "id": ""} == {**first, "id": "", "started_by": again["started_by"]}

    def test_the_runs_that_it_started_come_with_it(self, nested: Run) -> None:
        raw = file_of(nested)
        emptied()
        copy = keep(read(raw), None)
        child = Run.objects.get(parent=copy)
        assert (child.workflow_name, child.parent_step, child.status) == ("child", "outer", "completed")
        assert view_json(copy)["children"] == {"outer": str(child.pk)}

    def test_a_run_under_way_is_no_file(self, run_here: RunHere) -> None:
        run = run_here(chain(step("boss", kind="approval", worker=None, compensation=None)))
        with pytest.raises(Refused, match="still under way"):
            file_of(run)

    def test_a_file_has_a_limit(self, undone: Run, monkeypatch: MonkeyPatch) -> None:
        monkeypatch.setattr(export, "FILE_BYTES_MAX", 500)
        with pytest.raises(export.TooLarge, match="takes no more"):
            file_of(undone)

    def test_sealed_values_leave_as_dots(self, run_here: RunHere) -> None:
        secret = {"type": "object", "properties": {"card": {"type": "string", "writeOnly": True}}}
        run = run_here(chain(step("a"), input_schema=secret), card="4000 1234")
        text = file_of(run).decode()
        assert "4000 1234" not in text
        assert json.loads(text)["runs"][0]["input"]["card"] == "\u2022" * 8
        keep(read(text.encode()), None)

    def test_by_rest_tracebacks_only_for_who_may_operate(self, undone: Run) -> None:
        address = f"/api/v1/runs/{undone.pk}/export"
        assert Client().get(address).status_code == 401
        given = client_of("victor", "viewer").get(address)
        assert given["Content-Disposition"].startswith("attachment")
        assert b"Traceback" not in given.content
        assert b"Traceback" in client_of("olga", "operator").get(address).content
        read(given.content)


class TestOnlyToBeLookedAt:
    @pytest.fixture
    def copy(self, undone: Run) -> Run:
        raw = file_of(undone)
        emptied()
        return keep(read(raw), None)

    def test_nothing_is_allowed_and_the_engine_refuses(self, copy: Run) -> None:
        can = allowed(copy)
        assert not any(
            can[what] for what in ("cancel", "abandon", "rollback", "rerun", "approvals", "signals")
        )
        for act in (
            lambda: engine.cancel_run(copy.pk),
            lambda: engine.roll_back(copy.pk),
            lambda: engine.signal(copy.pk, "paid"),
            lambda: engine.start_run(copy.version, copy.input),
        ):
            with pytest.raises(Refused, match="file"):
                act()
        assert Run.objects.count() == 1

    def test_a_completed_copy_is_not_rolled_back_or_run_again(self, run_here: RunHere) -> None:
        copy = keep(read(file_of(run_here(chain(step("a"))))), None)
        staff = client_of("olga", "operator")
        for act in ("rollback", "rerun", "cancel"):
            answer = staff.post(f"/api/v1/runs/{copy.pk}/{act}", {}, content_type="application/json")
            assert answer.status_code == 409, act
            assert "file" in answer.json()["detail"]

    def test_its_page_says_so_and_has_no_buttons(self, copy: Run) -> None:
        page = client_of("olga", "operator").get(reverse("run-detail", args=[copy.pk])).content.decode()
        assert "This run came as a file" in page
        assert ORIGIN in page
        for address in ("run-cancel", "run-rollback", "run-signal"):
            assert reverse(address, args=[copy.pk]) not in page
        assert "Start again" not in page

    def test_it_counts_nowhere_and_nobody_sweeps_it(self, copy: Run) -> None:
        assert counters.tally_once() == 0
        assert not StepFigures.objects.exists() and not HourFigures.objects.exists()
        assert not StepRun.objects.filter(run=copy).exclude(due_at=None, process="").exists()
        assert (Run.objects.get().tally_at, Run.objects.get().due_at) == (None, None)
        assert overview(person("vera", "viewer"))["recent"] == []
        assert page_of(Filters())[0] == []
        assert page_of(Filters(imported=True))[0] == [copy]
        while not (step_of := retention.prune_step(0)).is_done:
            assert step_of.removed == 0
        assert Run.objects.filter(pk=copy.pk).exists()

    def test_it_goes_when_somebody_removes_it(self, copy: Run, run_here: RunHere) -> None:
        other = run_here(chain(step("a")))
        staff = client_of("olga", "operator")
        assert staff.post(reverse("run-remove", args=[other.pk])).status_code == 404
        staff.post(reverse("run-remove", args=[copy.pk]))
        while not retention.prune_step(None).is_done:
            pass
        assert list(Run.every.all()) == [other]

    def test_its_definition_is_no_workflow(self, copy: Run) -> None:
        staff = client_of("dora", "designer")
        assert staff.get("/api/v1/workflows").json()["workflows"] == []
        assert staff.get("/workflows/(files)/").status_code == 404


class TestThePage:
    def test_a_file_is_opened_and_listed(self, undone: Run, tmp_path: Path) -> None:
        staff = client_of("olga", "operator")
        path = tmp_path / "a.run.json"
        path.write_bytes(file_of(undone))
        with path.open("rb") as file:
            answer = staff.post(reverse("run-open"), {"file": file})
        copy = Run.objects.get(imported__isnull=False)
        assert answer["Location"] == reverse("run-detail", args=[copy.pk])
        assert copy.imported and (copy.imported["by"], copy.imported["file"]) == ("olga", "a.run.json")
        assert reverse("run-detail", args=[copy.pk]) in staff.get(reverse("run-open")).content.decode()

    def test_a_bad_one_is_explained_in_place(self, undone: Run, tmp_path: Path) -> None:
        staff = client_of("olga", "operator")
        path = tmp_path / "a.json"
        path.write_text("{}")
        with path.open("rb") as file:
            answer = staff.post(reverse("run-open"), {"file": file})
        assert answer.status_code == 422
        assert "This is no run" in answer.content.decode()
        assert client_of("victor", "viewer").get(reverse("run-open")).status_code == 403

    def test_by_command(self, undone: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "a.run.json"
        path.write_bytes(file_of(undone))
        emptied()
        call_command("import_run", str(path))
        assert str(Run.objects.get().pk) in capsys.readouterr().out
        path.write_text("[]")
        with pytest.raises(CommandError, match="no run's file") as refused:
            call_command("import_run", str(path))
        assert refused.value.returncode == 2
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_run", str(tmp_path / "none"))


def changed(run: Run, change: Change) -> bytes:
    document = json.loads(file_of(run))
    change(document)
    return json.dumps(document).encode()


def entry(document: dict[str, Any], seq: int) -> Any:
    return document["runs"][0]["journal"][seq - 1]


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (b"", "not valid JSON"),
            (b"{", "not valid JSON"),
            (b"[" * 100_000, "nested deeper"),
            (b'{"format": "sagaboard.run", "schema": NaN}', "no JSON"),
            (b"\xff\xfe", "not UTF-8"),
            (b"{}", "no run's file"),
            (b'{"format": "sagaboard.run", "schema": 2}', "newer version"),
            (b'{"format": "sagaboard.run", "schema": 1}', "exported_at"),
            (b'{"format": "sagaboard.run", "schema": 1, "x": "\\u0000"}', "NUL"),
        ],
    )
    def test_what_is_no_file_of_ours(self, raw: bytes, said: str) -> None:
        with pytest.raises(ImportRefused, match=said):
            read(raw)

    def test_a_large_one_is_not_even_parsed(self, monkeypatch: MonkeyPatch) -> None:
        monkeypatch.setattr(import_, "FILE_BYTES_MAX", 10)
        with pytest.raises(ImportRefused, match="the limit is"):
            read(b"[" * 11)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda f: f["runs"].clear(), r"runs"),
            (lambda f: f["runs"].append(f["runs"][0]), "twice"),
            (
                lambda f: f["runs"].append({**f["runs"][0], "id": str(UUID(int=7))}),
                "parent is not in the file",
            ),
            (lambda f: f.update(extra=1), "extra"),
            (lambda f: f["runs"][0].update(id="x"), r"runs\[0\].id"),
            (lambda f: f["runs"][0].update(input=[]), r"runs\[0\].input"),
            (lambda f: f["runs"][0].update(workflow="other"), "not of 'other'"),
            (lambda f: f["runs"][0].update(created_at="soon"), "created_at"),
            (lambda f: f["runs"][0].update(version=0), "version"),
            (lambda f: f["runs"][0]["definition"]["resolved"].update(steps=5), "definition.resolved"),
            (lambda f: f["runs"][0]["definition"]["document"].update(name=5), "definition.document"),
            (
                lambda f: f["runs"][0]["definition"]["resolved"]["edges"].append({"from": "c", "to": "a"}),
                "circle",
            ),
            (lambda f: f["runs"][0]["definition"]["resolved"]["steps"].pop(0), "definition"),
            (lambda f: entry(f, 2).update(type="run.exploded"), "knows no entries"),
            (lambda f: entry(f, 2).update(seq=3), "number 2 is missing"),
            (lambda f: entry(f, 2).update(seq="2"), "seq"),
            (lambda f: entry(f, 2).update(status="completed"), "not completed"),
            (lambda f: entry(f, 1).update(data={}), "no entry of type run.created"),
            (lambda f: entry(f, 1)["data"].update(total="many"), "nothing can be shown|wrong type|state"),
            (lambda f: entry(f, 4).update(step="nowhere"), "state|lacks"),
            (lambda f: entry(f, 4).update(step="x" * 81), "step"),
            (lambda f: entry(f, 3).update(at="9999-12-31T23:59:59-14:00"), "years 1 to 9999"),
            (lambda f: f.update(exported_at="0001-01-01T00:00:00+14:00"), "years 1 to 9999"),
            (lambda f: f["runs"][0].update(created_at="0001-01-01T00:00:00+00:01"), "years 1 to 9999"),
            (lambda f: f["runs"][0]["journal"].pop(), "come to an end"),
            (lambda f: f["runs"][0]["journal"].clear(), "journal"),
            (lambda f: f["runs"][0]["state"].update(status="completed"), "does not lead to the state"),
            (lambda f: f["runs"][0]["state"]["steps"]["a"].update(undo="none"), "does not lead to the state"),
        ],
    )
    def test_what_was_changed_is_refused_and_nothing_is_kept(
        self, undone: Run, change: Change, said: str
    ) -> None:
        raw = changed(undone, change)
        emptied()
        with pytest.raises(ImportRefused, match=said):
            read(raw)
        assert not Run.every.exists() and not Workflow.every.exists()

    def test_no_entry_with_anything_in_it_breaks_more_than_the_file(self, grown: Run) -> None:
        """Each fact of each entry replaced by something else: refused in words, or harmless."""
        original, staff, kept = file_of(grown), client_of("olga", "operator"), 0
        for place, known in enumerate(json.loads(original)["runs"][0]["journal"]):
            for key in known["data"]:
                for value in (None, -1, "x", [], {"a": 1}, ["many[5]"], "9999-12-31T23:59:59-14:00"):
                    raw = changed_fact(original, place, key, value)
                    try:
                        read(raw)
                    except ImportRefused as refused:
                        assert str(refused).startswith("runs[0]")
                    else:
                        copy, kept = keep(read(raw), None), kept + 1
                        told(copy)
                        assert staff.get(reverse("run-detail", args=[copy.pk])).status_code == 200
        assert kept > 0

    def test_what_fails_half_way_leaves_nothing(self, nested: Run, monkeypatch: MonkeyPatch) -> None:
        file = read(file_of(nested))
        emptied()

        def fail(_: object) -> None:
            raise RuntimeError("the disk is gone")

        monkeypatch.setattr(search_index, "index", fail)
        with pytest.raises(RuntimeError):
            keep(file, None)
        assert not Run.every.exists() and not Workflow.every.exists() and not JournalEntry.objects.exists()

    def test_it_never_takes_the_place_of_a_run(self, undone: Run) -> None:
        copy = keep(read(file_of(undone)), None)
        assert copy.pk != undone.pk
        undone.refresh_from_db()
        assert undone.imported is None


def changed_fact(original: bytes, place: int, key: str, value: Any) -> bytes:
    document = json.loads(original)
    document["runs"][0]["journal"][place]["data"][key] = value
    return json.dumps(document).encode()
