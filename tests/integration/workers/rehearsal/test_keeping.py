"""Rehearsals that are kept: by REST and on the page, in a process of their own, stoppable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from designer.models import Workflow
from designer.services.workflows import save_draft
from tests.integration.processes.conftest import database_address
from workers.rehearsal import keeping
from workers.rehearsal.keeping import carry_out
from workers.rehearsal.models import Rehearsal

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/workflows/small/rehearsal"
PAGE = "/workflows/small/rehearsal/"
STEP = {"name": "analyse", "worker": "profile_data", "compensation": "none"}
DOCUMENT = {"schema": 1, "name": "small", "sample_input": {"data": [{"a": 1}]}, "steps": [STEP]}


@pytest.fixture
def draft() -> Workflow:
    save_draft("small", DOCUMENT, 0)
    return Workflow.objects.get(name="small")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rehearsals whose process would have been started."""
    started: list[int] = []
    monkeypatch.setattr(keeping, "_start_process", lambda name, pk: started.append(pk))
    return started


def post(client: Client, body: dict[str, Any] | None = None) -> Any:
    return client.post(URL, body or {}, content_type="application/json")


def test_a_rehearsal_is_started_carried_out_and_read(
    designer: Client, viewer: Client, draft: Workflow, processes: list[int]
) -> None:
    assert viewer.get(URL).status_code == 404
    assert post(viewer).status_code == 403
    started = post(designer)
    assert (started.status_code, started.json()["status"]) == (202, "under_way")
    assert post(designer).status_code == 409
    carry_out(processes[0])
    read = viewer.get(URL).json()
    assert (read["status"], read["ok"], read["current"]) == ("ended", True, True)
    assert read["played"] == read["planned"] == 6
    assert [row["step"] for row in read["rows"]] == ["analyse"]
    assert read["started_by"] == "dora"
    page = viewer.get(PAGE).content.decode()
    assert "Every run ended well" in page and "Killed after its effect" in page
    assert "Rehearse again" not in page
    save_draft("small", {**DOCUMENT, "title": "Changed"}, 1)
    assert viewer.get(URL).json()["current"] is False
    assert "has changed since" in designer.get(PAGE).content.decode()


def test_a_secret_of_the_input_is_kept_sealed_and_opened_by_nobody_else(
    designer: Client, processes: list[int]
) -> None:
    schema = {"type": "object", "properties": {"pin": {"type": "string", "writeOnly": True}}}
    save_draft("small", {**DOCUMENT, "input_schema": schema}, 0)
    assert post(designer, {"input": {"pin": "4711-0815", "data": [{"a": 1}]}}).status_code == 202
    row = Rehearsal.objects.get()
    assert "4711-0815" not in str(row.input)
    carry_out(row.pk)
    row.refresh_from_db()
    assert row.status == "ended", row.error
    assert row.content["cells"][0]["status"] == "completed", row.content["cells"][0]["note"]
    assert "4711-0815" not in str(row.content)


def test_an_input_that_fails_by_itself_is_told(
    designer: Client, draft: Workflow, processes: list[int]
) -> None:
    post(designer, {"input": {}})
    carry_out(processes[0])
    read = designer.get(URL).json()
    assert (read["ok"], read["cells"][0]["verdict"]) == (False, "unfit")
    assert "does not complete, though nothing failed" in designer.get(PAGE).content.decode()


def test_the_process_of_a_rehearsal_writes_by_itself(
    designer: Client, draft: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings")
    for name, value in database_address().items():
        monkeypatch.setenv(name, value)
    ended: list[Any] = []
    monkeypatch.setattr(
        "workers.rehearsal.keeping.threading.Thread", lambda target, **names: Waiter(target, ended)
    )
    post(designer)
    assert ended == [0]
    assert designer.get(URL).json()["status"] == "ended"


class Waiter:
    """In place of the thread that waits for the process: waits at once."""

    def __init__(self, target: Any, ended: list[Any]) -> None:
        self.target, self.ended = target, ended

    def start(self) -> None:
        self.ended.append(self.target())


def test_a_rehearsal_is_stopped_after_the_run_that_it_is_at(
    designer: Client, draft: Workflow, processes: list[int]
) -> None:
    post(designer)
    assert designer.delete(URL).status_code == 200
    carry_out(processes[0])
    read = designer.get(URL).json()
    assert read["status"] == "stopped" and read["ok"] is False
    assert "Stopped" in designer.get(PAGE).content.decode()


def test_the_page_starts_and_stops(
    designer: Client, viewer: Client, draft: Workflow, processes: list[int]
) -> None:
    assert "was not rehearsed yet" in viewer.get(PAGE).content.decode()
    assert viewer.post(PAGE).status_code == 403
    assert designer.post(PAGE, {"input": "[1]"}).status_code == 422
    assert designer.post(PAGE, {"input": "{", "check": ""}).status_code == 422
    assert designer.post(PAGE, {"input": '{"rows": []}', "check": "=true"}).status_code == 302
    row = Rehearsal.objects.get(pk=processes[0])
    assert (row.input, row.check_by) == ({"rows": []}, "=true")
    page = designer.get(PAGE).content.decode()
    assert "Under way" in page and "data-under-way" in page
    assert designer.post(PAGE, {"act": "stop"}).status_code == 302
    row.refresh_from_db()
    assert row.is_to_stop
    assert designer.get("/workflows/nobody/rehearsal/").status_code == 404


def test_a_draft_with_errors_is_refused(designer: Client, processes: list[int]) -> None:
    save_draft("small", {**DOCUMENT, "steps": [{"name": "a", "worker": "nobody"}]}, 0)
    assert "problems" in post(designer).json()
    assert processes == []


def test_examined_undos_are_listed_by_worker(viewer: Client, draft: Workflow) -> None:
    def kept(problem: str) -> None:
        finding = {"scenario": "twice", "title": "twice", "problem": problem}
        examined = [{"step": "pay", "worker": "charge", "undo": "refund", "findings": [finding]}]
        Rehearsal.objects.create(
            workflow=draft, digest="0", status="ended", content={"examined": examined, "cells": []}
        )

    kept("the books are not the same")
    url = "/api/v1/examined-undos"
    (found,) = viewer.get(url).json()["undos"]
    assert (found["undo"], found["idempotent"], found["workflow"]) == ("refund", False, "small")
    assert found["problems"] == ["twice: the books are not the same"]
    kept("")
    assert [one["idempotent"] for one in viewer.get(url).json()["undos"]] == [True]


def test_a_process_that_says_nothing_has_failed(
    designer: Client, draft: Workflow, processes: list[int]
) -> None:
    post(designer)
    silent = timezone.now() - timedelta(seconds=keeping.LOST_S + 1)
    Rehearsal.objects.update(seen_at=silent)
    assert designer.get(URL).json()["status"] == "failed"
    assert post(designer).status_code == 202


def test_only_some_are_under_way_at_a_time_and_kept(
    designer: Client, draft: Workflow, processes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE_MAX", 0)
    assert post(designer).status_code == 503
    monkeypatch.setattr(keeping, "AT_ONCE_MAX", 1)
    for _ in range(keeping.KEPT_MAX + 2):
        assert post(designer).status_code == 202
        Rehearsal.objects.update(status="ended")
    assert Rehearsal.objects.count() == keeping.KEPT_MAX


def test_where_publishing_needs_one_it_must_be_of_the_draft_and_good(
    designer: Client, draft: Workflow, processes: list[int]
) -> None:
    address = "/api/v1/workflows/small"
    designer.put(f"{address}/publish-needs", {"needs": "rehearsal"}, content_type="application/json")
    designer.post(f"{address}/proof", {}, content_type="application/json")

    def published() -> Any:
        return designer.post(f"{address}/publish", {}, content_type="application/json")

    assert "rehearse this draft first" in published().json()["detail"]
    post(designer)
    assert "did not" in published().json()["detail"]  # it is under way
    row = Rehearsal.objects.get()
    row.status, row.content = Rehearsal.Status.ENDED, {}
    row.save()
    assert published().status_code == 201
    assert "with the real workers" in designer.get("/workflows/small/").content.decode()
