"""Many runs started by one call: all of them or none, in one transaction, and once for each key."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from designer.models import WorkflowVersion
from runs.delivery import queue
from runs.engine import after_commit, engine
from runs.engine.creation import Request, content_digest
from runs.engine.starting import STARTED_AT_ONCE_MAX, Started
from runs.errors import BadInput
from runs.models import JournalEntry, Run, RunLabel, StepRun
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.detail.test_api import post, work
from tests.people import client_of

SCHEMA = {"properties": {"order": {"type": "integer"}}}


@pytest.fixture
def version(publish: Publish) -> WorkflowVersion:
    return publish(chain(step("a"), step("b"), input_schema=SCHEMA))


@pytest.fixture
def operator() -> Client:
    return client_of("olga", "operator")


def requests(version: WorkflowVersion, *orders: Any, keys: str = "") -> list[Request]:
    return [
        Request(version, {"order": order}, {}, None, f"{keys}{place}" if keys else None)
        for place, order in enumerate(orders)
    ]


def start_list(client: Client, body: Any, **headers: str) -> Any:
    return post(client, "/workflows/sample/runs", body, **headers)


def nothing_is_stored() -> bool:
    return not any(model.objects.exists() for model in (Run, StepRun, JournalEntry, RunLabel))


def test_a_list_starts_all_its_runs_in_its_order(version: WorkflowVersion, operator: Client) -> None:
    body = [{"input": {"order": n}, "labels": {"n": str(n)}} for n in range(5)]
    answer = start_list(operator, body)
    runs = answer.json()["runs"]
    assert answer.status_code == 201
    assert [run["labels"]["n"] for run in runs] == list("01234") and all(run["is_new"] for run in runs)
    while queue.queued_ids(["default"]):
        work()
    assert {Run.objects.get(pk=run["id"]).status for run in runs} == {"completed"}
    assert [Run.objects.get(pk=run["id"]).input["order"] for run in runs] == list(range(5))
    assert {run.started_by and run.started_by.username for run in Run.objects.all()} == {"olga"}


def test_a_list_rings_once(version: WorkflowVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it costs the database is in test_cost."""
    dispatches: list[int] = []
    monkeypatch.setattr(queue, "dispatch_all", lambda found, at_front: dispatches.append(len(found)))
    engine.start_runs(requests(version, *range(30)))
    assert dispatches == [30]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ([{"input": {"order": 1}}, {"input": {"order": "x"}}], ["[1].input.order"]),
        ([{"input": {"order": "x"}}, {}, {"input": {"order": None}}], ["[0].input.order", "[2].input.order"]),
        ([{}, {"version": 9}], ["[1].version"]),
        ([{}, {"input": [1]}], ["[1].input"]),
        ([{}, {"order": 1}], ["[1].order"]),
        ([{}, 7], ["[1]"]),
        ([], ["body"]),
        ([{"idempotency_key": "k"}, {}, {"idempotency_key": "k"}], ["[2]"]),
        ([{"labels": {"a": "b"}}, {"input": {"text": "\0"}}], ["[1].input.text"]),
        ([{}] * (STARTED_AT_ONCE_MAX + 1), ["body"]),
    ],
    ids=["bad", "two-bad", "version", "no-object", "bare-input", "number", "empty", "double", "nul", "many"],
)
def test_one_bad_run_refuses_the_whole_list_and_says_its_place(
    version: WorkflowVersion, operator: Client, body: Any, paths: list[str]
) -> None:
    answer = start_list(operator, body)
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert [problem["path"] for problem in answer.json()["problems"]] == paths
    assert nothing_is_stored() and not queue.queued_ids(["default"])


def test_a_list_has_no_key_for_all(version: WorkflowVersion, operator: Client) -> None:
    answer = start_list(operator, [{}], **{"Idempotency-Key": "k"})
    assert answer.status_code == 422 and "its own idempotency_key" in answer.json()["detail"]
    assert nothing_is_stored()


def test_the_same_list_again_gives_the_same_runs(version: WorkflowVersion, operator: Client) -> None:
    body = [{"input": {"order": n}, "idempotency_key": f"k{n}"} for n in range(3)]
    first = start_list(operator, body)
    again = start_list(operator, [{"input": {"order": 9}, "idempotency_key": "new"}, *reversed(body)])
    assert (first.status_code, again.status_code) == (201, 201)
    ids = [run["id"] for run in first.json()["runs"]]
    assert [run["id"] for run in again.json()["runs"]][1:] == ids[::-1]
    assert [run["is_new"] for run in again.json()["runs"]] == [True, False, False, False]
    assert start_list(operator, body).status_code == 200
    assert Run.objects.count() == 4


def test_a_list_counts_as_so_many_starts(
    version: WorkflowVersion, operator: Client, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "starts": 5}
    assert start_list(operator, [{}] * 4).status_code == 201
    refused = start_list(operator, [{}] * 2)
    assert refused.status_code == 429 and refused["Retry-After"]
    assert Run.objects.count() == 4


def test_viewers_start_no_list(version: WorkflowVersion) -> None:
    assert start_list(client_of("victor", "viewer"), [{}]).status_code == 403
    assert nothing_is_stored()


def test_the_same_keys_at_once_start_each_run_once(version: WorkflowVersion) -> None:
    """Two calls with the same keys in opposite orders: neither fails, and nothing is started twice."""
    barrier = threading.Barrier(2, timeout=20)

    def start(turned: bool) -> list[str]:
        try:
            barrier.wait()
            batch = requests(version, *range(40), keys="k")
            started = engine.start_runs(batch[::-1] if turned else batch)
            return sorted(str(one.run.pk) for one in started)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(start, (False, True))
    assert first == second and len(set(first)) == 40
    assert Run.objects.count() == 40


def test_a_fault_in_the_middle_leaves_nothing(
    version: WorkflowVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    real = after_commit.start_children

    def fail_late(unit: Any) -> None:
        calls.append(unit)
        if len(calls) == 3:
            raise RuntimeError("the machine went away")
        real(unit)

    monkeypatch.setattr(after_commit, "start_children", fail_late)
    with pytest.raises(RuntimeError):
        engine.start_runs(requests(version, *range(5)))
    assert nothing_is_stored() and not queue.queued_ids(["default"])


def test_those_that_fit_are_started_without_the_others(version: WorkflowVersion) -> None:
    first, second, third = engine.start_fitting(requests(version, 1, "x", 3))
    assert isinstance(second, BadInput) and second.problems[0]["path"] == "$.order"
    assert isinstance(first, Started) and isinstance(third, Started)
    assert [first.run.input["order"], third.run.input["order"]] == [1, 3]


# --- idempotency keys ---

BODY: dict[str, Any] = {"input": {"order": 1, "more": {"a": [1, 2], "b": None}}, "labels": {"shop": "north"}}
OTHER_BODIES: list[dict[str, Any]] = [
    {},
    {**BODY, "input": {}},
    {**BODY, "input": {"order": 2, "more": {"a": [1, 2], "b": None}}},
    {**BODY, "input": {"order": 1, "more": {"a": [2, 1], "b": None}}},
    {**BODY, "input": {"order": 1, "more": {"a": [1, 2]}}},
    {**BODY, "labels": {}},
    {**BODY, "labels": {"shop": "south"}},
    {**BODY, "version": 1},
]
SAME_BODY = {"labels": {"shop": "north"}, "input": {"more": {"b": None, "a": [1, 2]}, "order": 1}}


def start_with(operator: Client, body: Any, key: str = "k") -> Any:
    path = "/api/v1/workflows/sample/runs"
    return operator.post(path, body, content_type="application/json", headers={"Idempotency-Key": key})


@pytest.mark.parametrize("other", OTHER_BODIES, ids=str)
def test_a_key_with_another_body_is_refused(
    version: WorkflowVersion, operator: Client, other: dict[str, Any]
) -> None:
    first = start_with(operator, BODY)
    assert first.status_code == 201
    for _ in range(2):
        answer = start_with(operator, other)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("idempotency_key_reused")
        assert first.json()["id"] in answer.json()["detail"]
    again = start_with(operator, SAME_BODY)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert Run.objects.count() == 1


def test_a_list_with_a_reused_key_starts_nothing_and_names_its_place(
    version: WorkflowVersion, operator: Client
) -> None:
    assert start_list(operator, [{**BODY, "idempotency_key": "k"}]).status_code == 201
    body = [{"idempotency_key": "new"}, {**SAME_BODY, "idempotency_key": "k"}, {"input": {"order": 5}}]
    assert start_list(operator, body).status_code == 201
    body = [{"idempotency_key": "newer"}, {"idempotency_key": "new", "input": {"order": 3}}, {}]
    answer = start_list(operator, body)
    assert answer.status_code == 422
    problems = [(problem["code"], problem["path"]) for problem in answer.json()["problems"]]
    assert problems == [("idempotency_key_reused", "[1]")]
    assert Run.objects.count() == 3


def test_the_key_of_a_run_of_an_older_release_is_taken_with_any_body(
    version: WorkflowVersion, operator: Client
) -> None:
    first = start_with(operator, BODY).json()["id"]
    Run.objects.update(key_digest=None)
    assert start_with(operator, OTHER_BODIES[0]).json()["id"] == first


def test_a_secret_cannot_be_guessed_from_the_digest(publish: Publish, operator: Client) -> None:
    schema = {"type": "object", "properties": {"pin": {"type": "string", "writeOnly": True}}}
    publish(chain(step("a"), input_schema=schema))
    assert start_with(operator, {"input": {"pin": "1234"}}).status_code == 201
    assert start_with(operator, {"input": {"pin": "1234"}}).status_code == 200
    assert start_with(operator, {"input": {"pin": "1235"}}).status_code == 422
    guesses = [({"pin": "1234"}, {}, None), ({"pin": "1234"}, {}), ({"pin": "1234"},)]
    assert Run.objects.get().key_digest not in [content_digest(guess) for guess in guesses]


# --- run_workflow --lines ---


def call(*words: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("run_workflow", "sample", *words, stdout=out, stderr=err)
    except SystemExit as left:
        return int(left.code or 0), out.getvalue(), err.getvalue()
    except CommandError as refused:
        return refused.returncode, out.getvalue(), str(refused)
    return 0, out.getvalue(), err.getvalue()


def test_lines_of_a_file_are_runs(version: WorkflowVersion, tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    file.write_text('{"order": 1}\n\n{"order": 2}\n')
    code, out, _ = call("--lines", f"@{file}")
    assert code == 0 and out.count("run ") == 2
    assert sorted(run.input["order"] for run in Run.objects.all()) == [1, 2]


def test_lines_of_standard_input_as_one_document(
    version: WorkflowVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO('{"order": 1}\n{"order": 2}'))
    code, out, err = call("--lines", "-", "--json")
    assert code == 0 and err.count("run ") == 2
    assert [run["input"]["order"] for run in json.loads(out)["runs"]] == [1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"order": 1}\n{"order": "x"}\n', "line 2: order: "),
        ('{"order": 1}\n\n[2]\n', "Line 3 must be a JSON object"),
        ("{", "Line 1: This is not valid JSON"),
        ("\n \n", "There are 0 lines"),
        ("{}\n" * 1001, "There are 1,001 lines"),
        ('{"a": NaN}', "`a` is NaN, no JSON number"),
    ],
    ids=["schema", "list", "json", "none", "many", "nan"],
)
def test_bad_lines_are_named_and_start_nothing(
    version: WorkflowVersion, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "orders.jsonl"
    file.write_text(text)
    code, out, err = call("--lines", f"@{file}")
    assert code == 2 and said in err and not out
    assert nothing_is_stored()


@pytest.mark.parametrize("flags", [("--local",), ("--input", "{}")])
def test_lines_stand_alone(version: WorkflowVersion, flags: tuple[str, ...]) -> None:
    code, _, err = call("--lines", "{}", *flags)
    assert code == 2 and "--lines goes neither with" in err


@pytest.mark.parametrize(
    ("orders", "code"), [((), 0), (("b",), 4), (("b", "a"), 3)], ids=["completed", "compensated", "failed"]
)
def test_waiting_for_all_gives_the_worst_exit_code(
    publish: Publish, tmp_path: Path, orders: tuple[str, ...], code: int
) -> None:
    publish(chain(step("a"), step("b")))
    faults = [{}, *({name: "critical"} for name in orders)]
    file = tmp_path / "orders.jsonl"
    file.write_text("\n".join(json.dumps({"faults": fault}) for fault in faults))
    stop = threading.Event()

    def carry_out() -> None:
        try:
            while not stop.wait(0.02):
                work()
        finally:
            connections.close_all()

    hands = threading.Thread(target=carry_out)
    hands.start()
    try:
        found, out, _ = call("--lines", f"@{file}", "--wait", "--timeout", "60")
    finally:
        stop.set()
        hands.join()
    assert found == code and len(out.splitlines()) == 2 * len(faults)


def test_waiting_ends_in_time(version: WorkflowVersion) -> None:
    code, out, _ = call("--lines", "{}", "--wait", "--timeout", "0.1")
    assert code == 7 and "has not ended in time" in out


def test_a_first_step_may_ask_a_person_as_the_run_starts(publish: Publish) -> None:
    version = publish(chain(step("a", when="context.missing > 1", on_failure="pause"), step("b")))
    started = engine.start_runs([Request(version, {}, {}) for _ in range(3)])
    for run in [engine.start_run(version, {}), *(found.run for found in started)]:
        assert (run.status, run.interventions.get().step) == ("blocked", "a")
