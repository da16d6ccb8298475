"""A run's page as the server draws it, and what is done from it."""

from __future__ import annotations

import html
import json
import re
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Body, Edge, Graph, Step
from runs.engine import engine
from runs.machine.states import State
from runs.models import JournalEntry, Run
from runs.queries import run_page
from runs.queries import runs as queries_runs
from tests.integration.runs.conftest import RunHere, chain, step

Row = tuple[str, str, str]


def shown(client: Client, run: Run) -> str:
    return html.unescape(client.get(reverse("run-detail", args=[run.pk])).content.decode())


def drawn(page: str) -> str:
    """The page without what scripts copy from."""
    return page.partition("<template")[0]


def rows(page: str) -> list[Row]:
    """Each step's name, forward status and undo status, as drawn."""
    found = re.findall(r'<li data-step="(.+?)" data-status="(\w+)" data-undo="(\w+)"', page)
    return [(name, status, undo) for name, status, undo in found]


def data_of(page: str) -> dict[str, object]:
    found = re.search(r'<script id="run-page" type="application/json">(.+?)</script>', page)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_steps_stand_in_order_with_both_states(viewer: Client, undone: Run) -> None:
    page = shown(viewer, undone)
    assert rows(page) == [
        ("reserve", "completed", "compensated"),
        ("charge", "completed", "compensated"),
        ("ship", "failed", "none"),
    ]
    assert drawn(page).count('data-badge="undo-compensated"') == 2
    assert "critical: never" in page


def test_a_step_that_was_not_reached_is_not_called_pending(
    viewer: Client, run_here: RunHere, order: Graph
) -> None:
    page = shown(viewer, run_here(order, faults={"reserve": "critical"}))
    assert rows(page)[1:] == [("charge", "pending", "none"), ("ship", "pending", "none")]
    assert drawn(page).count("Not reached") == 2


def test_scripts_start_from_the_graph_and_the_last_number(viewer: Client, undone: Run) -> None:
    data = data_of(shown(viewer, undone))
    assert data["names"] == ["reserve", "charge", "ship"]
    assert data["lastSeq"] == undone.last_seq
    assert data["socket"] == f"/ws/runs/{undone.pk}/"
    assert data["api"] == f"/api/v1/runs/{undone.pk}"
    assert viewer.get(str(data["api"])).json()["id"] == str(undone.pk)


def test_the_page_of_a_long_run_holds_its_newest_entries_and_fetches_the_rest(
    viewer: Client, undone: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_page, "REPLAYED_MAX", 3)
    monkeypatch.setattr(run_page, "NEWEST_SENT", 2)
    data = data_of(shown(viewer, undone))
    assert data.keys() == {"api", "panel", "lastSeq", "newest", "person"}
    events = viewer.get(f"{data['api']}/events").json()["events"]
    assert data["newest"] == events[-2:]
    assert data["lastSeq"] == events[-1]["seq"]


def test_items_of_a_map_are_counted_not_listed(viewer: Client, run_here: RunHere) -> None:
    graph = chain(step("many", kind="map", worker="double", items="=context.numbers", compensation=None))
    page = shown(viewer, run_here(graph, numbers=list(range(30))))
    assert rows(page) == [("many", "completed", "none")]
    assert "30 of 30 items" in page


def test_steps_that_a_worker_added_are_shown_with_their_origin(viewer: Client, run_here: RunHere) -> None:
    graph = chain(step("router", worker="choose", dynamic=True, compensation=None), step("end"))
    page = shown(viewer, run_here(graph, choice=[{"name": "extra", "worker": "act"}]))
    assert [name for name, _, _ in rows(page)] == ["router", "extra", "end"]
    assert "added by router" in page
    assert data_of(page)["names"] == ["router", "end"]


def test_tracebacks_stay_out_of_pages(operator: Client, stuck: Run, undone: Run) -> None:
    trace = "Traceback (most recent call last)"
    assert trace in json.dumps(list(JournalEntry.objects.values_list("data", flat=True)))
    for run in (stuck, undone):
        assert trace not in shown(operator, run)


def test_the_panel_is_the_same_piece_and_tells_how_far_it_knows(operator: Client, stuck: Run) -> None:
    response = operator.get(reverse("run-panel", args=[stuck.pk]))
    assert response["X-Last-Seq"] == str(stuck.last_seq)
    assert "no-store" in response["Cache-Control"]
    assert "charge could not be undone" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_what_happens_while_a_page_is_drawn_comes_to_it_as_frames(
    operator: Client, stuck: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number from which scripts follow the journal is never newer than what the page shows."""
    read = queries_runs.load

    def moved_meanwhile(run_id: UUID) -> tuple[Graph, State]:
        loaded = read(run_id)
        if Run.objects.get(pk=run_id).status == "blocked":
            engine.cancel_run(run_id, "abandon")
        return loaded

    monkeypatch.setattr(queries_runs, "load", moved_meanwhile)
    data, before = data_of(shown(operator, stuck)), stuck.last_seq
    stuck.refresh_from_db()
    assert data["lastSeq"] == before < stuck.last_seq


class TestAnswers:
    def test_exactly_the_allowed_ones_are_drawn(self, operator: Client, stuck: Run) -> None:
        page = shown(operator, stuck)
        assert re.findall(r'name="answer" value="(\w+)"', page) == ["retry", "resolve", "abandon"]

    def test_by_hand_ends_the_line(self, operator: Client, stuck: Run) -> None:
        intervention = stuck.interventions.get()
        url = reverse("intervention-answer", args=[intervention.pk])
        response = operator.post(url, {"answer": "resolve", "note": "Paid in cash."})
        assert response["Location"] == reverse("run-detail", args=[stuck.pk])
        intervention.refresh_from_db()
        assert (intervention.status, intervention.answered_by, intervention.note) == (
            "answered",
            "olga",
            "Paid in cash.",
        )
        assert ("charge", "completed", "resolved") in rows(shown(operator, stuck))

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({}, "Choose an answer"),
            ({"answer": "skip"}, "no longer possible"),
            ({"answer": "resolve", "note": " "}, "Say what was done"),
            ({"answer": "retry", "note": "kept", "patch": "{"}, "not JSON yet"),
            ({"answer": "retry", "note": "kept", "patch": "[]"}, "must be a JSON object"),
        ],
    )
    def test_a_refused_one_is_explained_in_place(
        self, operator: Client, stuck: Run, sent: dict[str, str], said: str
    ) -> None:
        response = operator.post(reverse("intervention-answer", args=[stuck.interventions.get().pk]), sent)
        page = html.unescape(response.content.decode())
        assert response.status_code == 422
        assert said in page
        assert sent.get("note", "").strip() in page
        assert stuck.interventions.get().status == "open"

    def test_the_second_of_two_people_learns_who_was_first(self, operator: Client, stuck: Run) -> None:
        url = reverse("intervention-answer", args=[stuck.interventions.get().pk])
        operator.post(url, {"answer": "resolve", "note": "Done."})
        page = operator.post(url, {"answer": "abandon", "note": "No."}, follow=True).content.decode()
        assert "Somebody was faster. olga said that" in page
        assert JournalEntry.objects.filter(run=stuck, type="intervention.answered").count() == 1


class TestWaiting:
    def test_what_is_waited_for_is_named(self, operator: Client, waiting: Run) -> None:
        page = operator.get(reverse("run-detail", args=[waiting.pk])).content.decode()
        assert "boss waits for approval" in page
        assert "Is it &lt;good&gt;?" in page
        assert "Waits for the signal “paid”" in page

    @pytest.mark.parametrize(("decision", "status"), [("approve", "completed"), ("reject", "failed")])
    def test_an_approval_is_given_or_refused(
        self, operator: Client, waiting: Run, decision: str, status: str
    ) -> None:
        url = reverse("run-approve", args=[waiting.pk, "boss"])
        operator.post(url, {"decision": decision, "comment": "Because."})
        assert waiting.steps.get(name="boss").status == status

    def test_a_signal_is_sent_with_its_data(self, operator: Client, waiting: Run) -> None:
        url = reverse("run-signal", args=[waiting.pk])
        operator.post(url, {"name": "paid", "payload": '{"by": "bank"}'})
        assert waiting.steps.get(name="bank").status == "completed"
        assert JournalEntry.objects.get(run=waiting, type="signal.received").data["by"] == "olga"

    def test_a_signal_with_broken_data_is_not_sent(self, operator: Client, waiting: Run) -> None:
        url = reverse("run-signal", args=[waiting.pk])
        response = operator.post(url, {"name": "paid", "payload": '{"by": bank'})
        page = html.unescape(response.content.decode())
        assert response.status_code == 422
        assert '{"by": bank' in page
        assert "not JSON yet" in page
        assert not JournalEntry.objects.filter(run=waiting, type="signal.received").exists()


class TestTurns:
    @pytest.fixture
    def turning(self, run_here: RunHere) -> Run:
        """A run whose loop is in its first turn, in which a person is asked."""
        asked = step("ok", kind="approval", worker=None, compensation=None)
        body = Body(steps=(step("a"), asked), edges=(Edge("a", "ok"),))
        return run_here(Graph("paper", steps=(Step("poll", kind="loop", body=body, max_turns=5),)))

    def test_a_turn_has_a_page_that_leads_to_the_run_around_it(self, operator: Client, turning: Run) -> None:
        turn = Run.objects.get(parent=turning)
        page = operator.get(reverse("run-detail", args=[turn.pk])).content.decode()
        assert "Turn 1 of poll" in page
        assert reverse("run-detail", args=[turning.pk]) in page
        items = operator.get(f"/api/v1/runs/{turning.pk}/steps/poll/items").json()["items"]
        assert (items[0]["name"], items[0]["child"]) == ("poll[0]", str(turn.pk))

    def test_a_person_ends_the_loop(self, operator: Client, turning: Run) -> None:
        url = reverse("run-enough", args=[turning.pk, "poll"])
        assert "End after this turn" in shown(operator, turning)
        operator.post(url)
        assert JournalEntry.objects.get(run=turning, type="step.enough").data["by"] == "olga"
        assert "ends already" in operator.post(url, follow=True).content.decode()
        turn = Run.objects.get(parent=turning)
        operator.post(reverse("run-approve", args=[turn.pk, "ok"]), {"decision": "approve"})
        turning.refresh_from_db()
        assert (turning.status, turning.steps.filter(name__startswith="poll[").count()) == ("completed", 1)


class TestEnding:
    def test_a_live_run_is_cancelled(self, operator: Client, waiting: Run) -> None:
        assert reverse("run-cancel", args=[waiting.pk]) in shown(operator, waiting)
        operator.post(reverse("run-cancel", args=[waiting.pk]), {"mode": "abandon"})
        waiting.refresh_from_db()
        assert waiting.status == "cancelled"

    def test_an_ended_one_is_not_and_says_so(self, operator: Client, undone: Run) -> None:
        url = reverse("run-cancel", args=[undone.pk])
        assert url not in shown(operator, undone)
        page = operator.post(url, {"mode": "abandon"}, follow=True).content.decode()
        assert 'data-tone="stop"' in page
        undone.refresh_from_db()
        assert undone.status == "compensated"

    def test_a_completed_one_is_undone_as_the_page_said(
        self, operator: Client, run_here: RunHere, order: Graph
    ) -> None:
        run = run_here(order)
        page = operator.get(reverse("run-detail", args=[run.pk])).content.decode()
        plan = re.search(r'<ol class="plan">(.+?)</ol>', page)
        assert plan
        assert re.findall(r"<li>(\w+)", plan[1]) == ["ship", "charge", "reserve"]
        operator.post(reverse("run-rollback", args=[run.pk]))
        run.refresh_from_db()
        assert run.status == "compensating"


def test_a_finished_run_is_undone_back_to_a_step(operator: Client, run_here: RunHere, order: Graph) -> None:
    run = run_here(order)
    assert '<option value="charge">Only what ended after charge</option>' in shown(operator, run)
    operator.post(reverse("run-rollback", args=[run.pk]), {"to_step": "charge"})
    plan = JournalEntry.objects.get(run=run, type="run.compensating").data["plan"]
    assert plan == ["ship"]


def test_an_unknown_run_is_a_page_that_helps(viewer: Client, transactional_db: None) -> None:
    response = viewer.get(reverse("run-detail", args=["00000000-0000-0000-0000-000000000000"]))
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
