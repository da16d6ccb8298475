"""The runner: what each kind of mock comes to, and what each kind of expectation says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.runs.testing.helpers import TWICE, graph, play, step

ORDER = graph(step("reserve"), step("pay", retry=TWICE), step("ship"))
ALL = ["reserve", "pay", "ship"]

MOCKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing stated": ({}, {"status": "completed", "ran": ALL, "undone": [], "skipped": []}),
    "an output": (
        {"mocks": {"pay": {"output": {"amount": 5}}}},
        {"status": "completed", "checks": ["steps.pay.amount == 5", "context.amount == 5"]},
    ),
    "an error": (
        {"mocks": {"pay": {"fails": "card_declined"}}},
        {"status": "compensated", "error": "card_declined", "ran": ["reserve", "pay"], "undone": ["reserve"]},
    ),
    "an error once": (
        {"mocks": {"pay": [{"fails": "busy"}, {"output": {"amount": 5}}]}},
        {
            "status": "completed",
            "checks": ["steps.pay.amount == 5", "now() >= timestamp('2026-01-01T00:00:05Z')"],
        },
    ),
    "an error for good": (
        {"mocks": {"pay": [{"fails": "busy", "for_good": True}, {"output": {}}]}},
        {"status": "compensated", "error": "busy"},
    ),
    "a timeout": (
        {"mocks": {"pay": {"times_out": "not_done"}}},
        {"status": "compensated", "error": "timeout", "undone": ["pay", "reserve"]},
    ),
    "a lost worker": (
        {"mocks": {"pay": [{"lost": "done"}, {"output": {"amount": 7}}]}},
        {"status": "completed", "checks": ["steps.pay.amount == 7"]},
    ),
    "a refused output": (
        {"mocks": {"pay": {"fails": "bad_output", "bad_output": True, "output": {"id": 1}}}},
        {"status": "compensated", "error": "bad_output", "undone": ["pay", "reserve"]},
    ),
    "a worker that says it failed": (
        {"mocks": {"pay": {"output": {"status": "failed", "code": "no_money"}}}},
        {"status": "compensated", "error": "no_money"},
    ),
    "a worker that asks for a person": (
        {
            "mocks": {"pay": {"output": {"requires_intervention": True}}},
            "answers": [{"step": "pay", "answer": "resolve", "output": {"amount": 3}}],
        },
        {"status": "completed", "checks": ["steps.pay.amount == 3"]},
    ),
    "a worker that asks, and nobody answers": (
        {"mocks": {"pay": {"output": {"requires_intervention": True}}}},
        {"status": "blocked"},
    ),
    "a worker that asks for another attempt": (
        {"mocks": {"pay": [{"output": {"status": "retry_needed"}}, {"output": {"amount": 2}}]}},
        {"status": "completed", "checks": ["steps.pay.amount == 2"]},
    ),
    "an undo that fails and is left": (
        {
            "mocks": {"ship": {"fails": "lost_parcel"}},
            "undos": {"pay": {"fails": "bank_closed"}},
            "answers": [{"step": "pay", "answer": "abandon"}],
        },
        {"status": "failed", "left": 1, "undone": ["reserve"]},
    ),
    "a cancel while a call is under way": (
        {"mocks": {"pay": {"takes": 60}}, "acts": [{"act": "cancel", "at": 30}]},
        {
            "status": "cancelled",
            "error": "cancelled",
            "ran": ["reserve", "pay"],
            "undone": ["pay", "reserve"],
        },
    ),
    "a rollback afterwards": (
        {"acts": [{"act": "roll_back", "at": 30}]},
        {"status": "compensated", "undone": ["ship", "pay", "reserve"]},
    ),
}


@pytest.mark.parametrize("name", MOCKS)
def test_a_mock_comes_to_what_a_worker_comes_to(name: str) -> None:
    test, expect = MOCKS[name]
    result = play(ORDER, **test, expect=expect)
    assert result.passed, result.as_text()
    assert not result.notes


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "status": ({"status": "completed"}, "status: expected completed, came compensated"),
    "error": ({"error": "busy"}, "error: expected busy, came card_declined"),
    "left": ({"left": 2}, "effects left undone: expected 2, came 0"),
    "ran": ({"ran": ["reserve"]}, "steps run: expected [reserve], came [reserve, pay]"),
    "undone": ({"undone": []}, "steps undone: expected [], came [reserve]"),
    "skipped": ({"skipped": ["ship"]}, "steps skipped: expected [ship], came []"),
    "a check": (
        {"checks": ["context.amount == 5"]},
        "check: expected context.amount == 5, came `context.amount",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_hold_says_what_was_expected_and_what_came(name: str) -> None:
    expect, reason = WRONG[name]
    result = play(ORDER, mocks={"pay": {"fails": "card_declined"}}, expect=expect)
    assert not result.passed
    assert result.reasons[0].startswith(reason)
    assert any("run.compensating" in line for line in result.story)
    assert "a test" in result.as_text()


def test_a_check_says_the_values_that_it_compared() -> None:
    result = play(
        ORDER, mocks={"pay": {"output": {"amount": 7}}}, expect={"checks": ["steps.pay.amount == 5"]}
    )
    assert result.reasons == ["check: expected steps.pay.amount == 5, came steps.pay.amount = 7"]


def test_steps_undone_are_compared_in_their_order() -> None:
    test: dict[str, Any] = {"mocks": {"ship": {"fails": "lost"}}}
    assert play(ORDER, **test, expect={"undone": ["pay", "reserve"]}).passed
    assert not play(ORDER, **test, expect={"undone": ["reserve", "pay"]}).passed


def test_a_step_that_is_gone_is_named_before_anything_is_played() -> None:
    result = play(ORDER, mocks={"pays": {}}, expect={"ran": ["reserve"], "undone": ["shipp"]})
    assert result.facts is None
    assert result.reasons == [
        "a mock names the step pays: there is no step pays in flow any more; did you mean pay?",
        "the expectation of the steps undone names the step shipp: there is no step shipp in flow any more; "
        "did you mean ship?",
    ]


def test_an_input_that_does_not_fit_is_told_before_anything_is_played() -> None:
    flow = graph(step("a"), input_schema={"type": "object", "required": ["amount"]})
    assert play(flow, input={}).reasons == [
        "the input does not fit the workflow: input: 'amount' is a required property"
    ]


# --- conditions, waits and time ---


def test_conditions_are_evaluated() -> None:
    flow = graph(
        step("a"),
        step("high"),
        step("low"),
        edges=[
            {"from": "a", "to": "high", "when": "context.n > 10"},
            {"from": "a", "to": "low", "otherwise": True},
        ],
    )
    assert play(flow, input={"n": 11}, expect={"ran": ["a", "high"], "skipped": ["low"]}).passed
    assert play(
        flow, mocks={"a": {"output": {"n": 3}}}, expect={"ran": ["a", "low"], "skipped": ["high"]}
    ).passed


def test_params_are_evaluated_as_a_worker_process_does() -> None:
    flow = graph(step("a", params={"amount": "=context.missing"}))
    result = play(flow, expect={"status": "failed", "error": "bad_expression"})
    assert result.passed, result.as_text()


WAITING = graph(
    step("wait", kind="wait", signal="paid", timeout=100),
    step("ask", kind="approval", message="Ship it?", comment_required=True),
    step("ship"),
)


def test_signals_and_approvals_come_at_their_time() -> None:
    result = play(
        WAITING,
        signals=[{"name": "paid", "data": {"amount": 5}, "at": 99}],
        approvals=[{"step": "ask", "at": 200}],
        expect={"status": "completed", "checks": ["steps.wait.amount == 5", "steps.ask.approved"]},
    )
    assert result.passed, result.as_text()


def test_a_signal_that_comes_too_late_is_told() -> None:
    result = play(
        WAITING, signals=[{"name": "paid", "at": 101}], expect={"status": "failed", "error": "timeout"}
    )
    assert result.passed, result.as_text()
    assert result.notes == ("no step waited for the signal paid",)


def test_what_a_person_may_not_do_is_told() -> None:
    result = play(
        WAITING,
        signals=[{"name": "paid"}],
        approvals=[{"step": "ask", "approved": False}],
        expect={"status": "waiting"},
    )
    assert result.passed, result.as_text()
    assert result.notes == ("Rejecting it needs a comment that says why.",)


def test_an_event_is_taken_by_the_step_that_it_fits() -> None:
    flow = graph(step("wait", kind="wait", event="paid", match="event.data.order == context.order"))
    events = [{"type": "paid", "data": {"order": 1}}, {"type": "paid", "data": {"order": 2}, "at": 10}]
    result = play(flow, input={"order": 2}, events=events, expect={"checks": ["steps.wait.order == 2"]})
    assert result.passed, result.as_text()
    assert result.notes == ("no step waited for the event paid",)


def test_an_hour_passes_at_once() -> None:
    flow = graph(step("rest", kind="wait", seconds=3600), step("a"))
    result = play(
        flow, expect={"status": "completed", "checks": ["now() == timestamp('2026-01-01T01:00:00Z')"]}
    )
    assert result.passed, result.as_text()
    assert result.duration_ms < 1000


def test_a_run_that_takes_too_long_is_cancelled() -> None:
    flow = graph(step("a"), step("b", timeout=100), timeout=50)
    result = play(flow, mocks={"b": {"takes": 60}}, expect={"status": "cancelled", "error": "timeout"})
    assert result.passed, result.as_text()


# --- bodies, child runs, maps, loops ---

INNER = [step("write"), step("check")]
BODY = {"steps": INNER, "edges": [{"from": "write", "to": "check"}]}
SCOPE = graph(step("scope", kind="group", body=BODY), step("after"))


def test_steps_of_a_body_are_named_by_their_path() -> None:
    result = play(
        SCOPE,
        mocks={"scope/check": {"fails": "odd"}},
        expect={
            "status": "failed",
            "error": "odd",
            "ran": ["scope", "scope/write", "scope/check"],
            "undone": ["scope/write"],
        },
    )
    assert result.passed, result.as_text()


def test_a_mock_stands_for_a_body_as_a_whole() -> None:
    result = play(
        SCOPE,
        mocks={"scope": {"output": {"text": "x"}}, "after": {"fails": "odd"}},
        expect={"status": "compensated", "undone": ["scope"], "checks": ["steps.scope.text == 'x'"]},
    )
    assert result.passed, result.as_text()


PARENT = graph(step("call", kind="workflow", workflow="child"), step("after"))
CHILD = graph(step("inner"), name="child")


def test_runs_of_other_workflows_are_played_too() -> None:
    result = play(
        PARENT,
        {"child": CHILD},
        mocks={"call/inner": {"output": {"n": 4}}},
        expect={
            "status": "completed",
            "ran": ["call", "after", "call/inner"],
            "checks": ["steps.call.n == 4"],
        },
    )
    assert result.passed, result.as_text()


def test_a_workflow_that_is_not_there_is_mocked_or_told() -> None:
    result = play(PARENT, expect={"status": "failed", "error": "child_failed"})
    assert result.passed, result.as_text()
    assert play(PARENT, mocks={"call": {"output": {"n": 1}}}, expect={"status": "completed"}).passed


def test_items_and_turns_have_mocks_of_their_own() -> None:
    flow = graph(step("each", kind="map", worker="act", items="input.rows", compensation="none"))
    result = play(
        flow,
        input={"rows": [1, 2, 3]},
        mocks={"each": {"output": {"n": 0}}, "each[1]": {"output": {"n": 9}}},
        expect={"checks": ["steps.each.map(row, row.n) == [0, 9, 0]"], "ran": ["each"]},
    )
    assert result.passed, result.as_text()


def test_a_list_is_used_up_turn_by_turn_and_its_last_mock_stays() -> None:
    flow = graph(
        step(
            "poll", kind="loop", worker="act", until="output.done", max_turns=9, delay=60, compensation="none"
        )
    )
    result = play(
        flow,
        mocks={"poll": [{"output": {"done": False}}, {"output": {"done": True}}]},
        expect={"status": "completed", "ran": ["poll", "poll[0]", "poll[1]"]},
    )
    assert result.passed, result.as_text()
    result = play(flow, mocks={"poll": {"output": {"done": False}}}, expect={"error": "turns_exhausted"})
    assert result.passed, result.as_text()


def test_a_verification_finds_out_what_a_timed_out_call_did() -> None:
    flow = graph(step("pay", verify={"worker": "look"}), step("ship"))
    done = play(
        flow,
        mocks={"pay": {"times_out": "done", "output": {"id": 8}}},
        expect={"checks": ["steps.pay.id == 8"]},
    )
    assert done.passed, done.as_text()
    failed = play(flow, mocks={"pay": {"times_out": "not_done"}}, expect={"error": "timeout", "undone": []})
    assert failed.passed, failed.as_text()


def test_a_fallback_has_a_mock_of_its_own() -> None:
    flow = graph(step("pay", fallback={"worker": "cash"}))
    test: dict[str, Any] = {
        "mocks": {"pay": {"fails": "odd"}},
        "fallbacks": {"pay": {"output": {"by": "cash"}}},
    }
    result = play(flow, **test, expect={"status": "completed", "checks": ["steps.pay.by == 'cash'"]})
    assert result.passed, result.as_text()


def test_a_test_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.testing.timeline.HAPPENINGS_MAX", 50)
    flow = graph(
        step("poll", kind="loop", worker="act", until="false", max_turns=10_000, compensation="none")
    )
    result = play(flow, expect={"status": "failed"})
    assert (
        result.reasons[0] == "end: expected that the test ends, came it does not end: 50 things have happened"
    )
