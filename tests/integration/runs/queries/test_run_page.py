"""What a run's page reads: the graph that ran, a state to start from, single values, items of maps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest import MonkeyPatch

from designer.document.graph import Retry
from runs.models import Run
from runs.queries import run_page
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.people import client_of


@pytest.fixture
def viewer() -> Client:
    return client_of("victor", "viewer")


@pytest.fixture
def staff() -> Client:
    return client_of("olga", "operator")


def get(client: Client, run: Run, path: str) -> Any:
    return client.get(f"/api/v1/runs/{run.pk}/{path}")


def test_strangers_are_refused(run_here: RunHere) -> None:
    run = run_here(chain(step("a")))
    for path in (
        "view",
        "values/input",
        "steps/a/values/output",
        "steps/a/facts",
        "steps/a/items",
        "timeline?step=a",
        "replay",
    ):
        assert get(Client(), run, path).status_code == 401


def test_a_canvas_gets_the_graph_that_ran(run_here: RunHere, viewer: Client) -> None:
    graph = chain(step("router", worker="choose", dynamic=True, compensation=None), step("end"))
    run = run_here(graph, choice=[{"name": "extra", "worker": "act"}])
    view = get(viewer, run, "view").json()
    assert [part["name"] for part in view["document"]["steps"]] == ["router", "extra", "end"]
    assert view["names"] == ["router", "end"]
    assert view["start"] is None
    assert view["lastSeq"] == run.last_seq


def test_a_long_journal_is_started_from_its_state(
    run_here: RunHere, viewer: Client, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(run_page, "REPLAYED_MAX", 3)
    run = run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical"})
    start = get(viewer, run, "view").json()["start"]
    assert (start["seq"], start["status"]) == (run.last_seq, "compensated")
    assert start["steps"]["a"]["undo_place"] == 2
    assert start["steps"]["c"]["error"]["code"] == "critical"
    assert "Traceback" not in json.dumps(start)


def test_a_child_is_found_from_its_step(publish: Publish, run_here: RunHere, viewer: Client) -> None:
    publish(chain(step("inner"), name="small"))
    run = run_here(chain(step("nested", kind="workflow", worker=None, workflow="small", compensation=None)))
    child = Run.objects.get(parent=run)
    assert get(viewer, run, "view").json()["children"] == {"nested": str(child.pk)}
    assert get(viewer, run, "steps/nested/facts").json()["child"] == str(child.pk)


def test_values_are_whole_and_say_their_size(run_here: RunHere, viewer: Client) -> None:
    run = run_here(chain(step("a", params={"n": "=context.order"}), step("b")), order=7, text="ä" * 500_000)
    answer = get(viewer, run, "values/input")
    assert answer.json() == {"order": 7, "text": "ä" * 500_000}
    assert int(answer["Content-Length"]) == len(answer.content) > 1_000_000
    assert get(viewer, run, "steps/a/values/params").json() == {"n": 7}
    assert get(viewer, run, "steps/b/values/context").json()["order"] == 7
    output = get(viewer, run, "steps/a/values/output")
    assert get(viewer, run, "steps/a/facts").json()["output_bytes"] == len(output.content)
    kept = get(viewer, run, "steps/a/values/output?download=1")
    assert kept["Content-Disposition"] == f'attachment; filename="{run.pk}-a-output.json"'


def test_what_a_step_changed_is_told(run_here: RunHere, viewer: Client) -> None:
    run = run_here(chain(step("a", output_key="order"), step("b", output_key="fresh")), order=7)
    output = get(viewer, run, "steps/a/values/output").json()
    assert get(viewer, run, "steps/a/values/changes").json() == {
        "added": {},
        "changed": {"order": [7, output]},
    }
    assert list(get(viewer, run, "steps/b/values/changes").json()["added"]) == ["fresh"]


def test_what_is_not_there_is_said(run_here: RunHere, viewer: Client) -> None:
    run = run_here(chain(step("a"), step("b")), faults={"a": "critical"})
    assert get(viewer, run, "steps/b/values/output").json()["detail"] == "b has no output."
    assert get(viewer, run, "steps/no/facts").status_code == 404
    assert get(viewer, run, "steps/b/facts").json()["output_bytes"] is None


def test_tracebacks_are_for_staff(run_here: RunHere, viewer: Client, staff: Client) -> None:
    run = run_here(chain(step("a")), faults={"a": "critical"})
    assert "traceback" not in get(viewer, run, "steps/a/facts").json()
    assert "Traceback" in get(staff, run, "steps/a/facts").json()["traceback"]


def test_the_journal_in_bulk_is_that_of_the_frames(run_here: RunHere, staff: Client) -> None:
    run = run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical"})
    events = get(staff, run, "events").json()["events"]
    rows = [[entry[key] for key in ("type", "step", "attempt", "at", "status", "data")] for entry in events]
    assert get(staff, run, "replay").json() == {"entries": rows}
    assert get(staff, run, "replay?after=3&limit=2").json() == {"entries": rows[3:5]}
    assert "Traceback" not in json.dumps(rows)
    zipped = staff.get(f"/api/v1/runs/{run.pk}/replay", headers={"accept-encoding": "gzip"})
    assert zipped["Content-Encoding"] == "gzip"


def test_events_of_one_step_alone(run_here: RunHere, viewer: Client) -> None:
    run = run_here(chain(step("a"), step("b")))
    found = get(viewer, run, "events?step=b").json()["events"]
    assert [entry["type"] for entry in found] == ["step.queued", "step.started", "step.completed"]
    assert [entry["seq"] for entry in get(viewer, run, "events?after=2&limit=2").json()["events"]] == [3, 4]


def test_items_come_in_pages_and_failing_ones_alone(run_here: RunHere, viewer: Client) -> None:
    fields = {"worker": "double", "items": "=context.numbers", "compensation": None, "tolerate": 5}
    graph = chain(step("many", kind="map", retry=Retry(max_attempts=1), **fields))
    numbers = [*range(60), {}, *range(60), {}]
    run = run_here(graph, numbers=numbers)
    first = get(viewer, run, "steps/many/items").json()
    second = get(viewer, run, f"steps/many/items?after={first['next']}").json()
    third = get(viewer, run, f"steps/many/items?after={second['next']}").json()
    indexes = [item["index"] for page in (first, second, third) for item in page["items"]]
    assert sorted(indexes) == list(range(122)) and third["next"] is None
    failed = get(viewer, run, "steps/many/items?status=failed").json()["items"]
    assert [item["index"] for item in failed] == [60, 121]
    assert get(viewer, run, "steps/many/items?status=failed&q=nothing+like+it").json()["items"] == []


class TestTimeline:
    def test_entries_of_the_steps_asked_for_and_no_others(self, run_here: RunHere, viewer: Client) -> None:
        run = run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical"})
        found = get(viewer, run, "timeline?step=a&step=c").json()
        assert found["next"] is None
        assert {event["step"] for event in found["events"]} == {"a", "c"}
        types = [event["type"] for event in found["events"] if event["step"] == "a"]
        assert types[-2:] == ["compensation.started", "compensation.completed"]
        numbers = [event["seq"] for event in found["events"]]
        assert numbers == sorted(numbers)
        assert "Traceback" not in json.dumps(found)

    def test_pages_lead_to_all_of_them(
        self, run_here: RunHere, viewer: Client, monkeypatch: MonkeyPatch
    ) -> None:
        run = run_here(chain(step("a"), step("b")))
        whole = get(viewer, run, "timeline?step=a&step=b").json()["events"]
        monkeypatch.setattr(run_page, "TIMELINE_PAGE", 2)
        found: list[Any] = []
        after: int | None = 0
        while after is not None:
            page = get(viewer, run, f"timeline?step=a&step=b&after={after}").json()
            found += page["events"]
            after = page["next"]
        assert found == whole

    def test_the_items_of_a_map_are_told_by_the_two_ends_of_their_undo(
        self, run_here: RunHere, viewer: Client
    ) -> None:
        many = step("many", kind="map", worker="act", items="=context.numbers")
        run = run_here(chain(many, step("end")), numbers=list(range(9)), faults={"end": "critical"})
        events = get(viewer, run, "timeline?step=many").json()["events"]
        items = [(event["type"], event["step"]) for event in events if event["step"] != "many"]
        undone = run.journal.filter(step__startswith="many[", type__startswith="compensation.")
        assert undone.count() > 2
        ends = [undone.order_by("seq").first(), undone.order_by("seq").last()]
        assert items == [(entry.type, entry.step) for entry in ends if entry]

    def test_too_many_at_once_are_refused(self, run_here: RunHere, viewer: Client) -> None:
        run = run_here(chain(step("a")))
        query = "&".join("step=a" for _ in range(run_page.TIMELINE_STEPS_MAX + 1))
        assert get(viewer, run, f"timeline?{query}").status_code == 422
