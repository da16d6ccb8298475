"""Ways back become loops: entered once or at several states, within each other, left in several ways."""

from __future__ import annotations

from typing import Any

from designer.formats.asl.names import Names, snake, worker_name
from tests.unit.designer.formats.asl.helpers import chain, edges_of, entry_of, imported, step_of, task

DONE = {"Type": "Succeed"}


def choice(default: str | None, **ways: str) -> dict[str, Any]:
    """A Choice by the field `status`, whose values lead to states."""
    rules = [{"Variable": "$.status", "StringEquals": value, "Next": to} for value, to in ways.items()]
    return {"Type": "Choice", "Choices": rules, **({"Default": default} if default else {})}


def test_waiting_until_something_is_done() -> None:
    draft, report = imported(
        chain(
            Start=task(),
            Wait={"Type": "Wait", "Seconds": 30},
            Ask=task(),
            Ready=choice("Wait", done="Done", failed="Broken"),
            Broken={"Type": "Fail", "Error": "Broken"},
            Done=DONE,
        )
    )
    loop = step_of(draft, "repeat_wait")
    assert [step["name"] for step in loop["body"]["steps"]] == ["wait", "ask", "ready"]
    assert loop["until"] == 'output.leave_repeat_wait != ""'
    assert step_of(draft, "ready")["values"] == {
        "leave_repeat_wait": '=(context.data.status == "done") ? "Done" : '
        '(context.data.status == "failed") ? "Broken" : ""'
    }
    assert edges_of(draft) == [
        ("start", "repeat_wait", ""),
        ("repeat_wait", "done", 'context.leave_repeat_wait == "Done"'),
        ("repeat_wait", "broken", "otherwise"),
    ]
    assert entry_of(report, "Wait").status == "approximated"
    assert "repeat_wait" in entry_of(report, "Wait").steps


def test_a_loop_that_goes_on_behind_its_choice() -> None:
    draft, _ = imported(
        chain(
            Page=task(),
            More=choice("Done", more="Keep"),
            Keep=task(Next="Page"),
            Done=DONE,
        )
    )
    loop = step_of(draft, "repeat_page")
    assert loop["until"] == "has(output.leave_repeat_page)"
    assert edges_of(loop["body"]) == [
        ("page", "keep", 'context.data.status == "more"'),
        ("page", "more_ends", "otherwise"),
    ]
    assert step_of(draft, "more_ends")["values"] == {"leave_repeat_page": "Done"}
    assert edges_of(draft) == [("begin", "repeat_page", "")], "the end needs no step"


def test_the_runs_input_is_handed_to_a_loop_as_data() -> None:
    draft, _ = imported(chain(Ask=task(), Ready=choice("Ask", done="Done"), Done=DONE))
    assert draft["steps"][0] == {"name": "begin", "kind": "set", "values": {"data": "=input"}}


def test_a_failure_that_leads_back_or_out() -> None:
    catch = [
        {"ErrorEquals": ["Busy"], "Next": "Wait", "ResultPath": "$.error"},
        {"ErrorEquals": ["States.ALL"], "Next": "Broken", "ResultPath": "$.error"},
    ]
    draft, _ = imported(
        chain(
            Ask=task(Catch=catch, ResultPath="$.answer", Next="Done"),
            Wait={"Type": "Wait", "Seconds": 1, "Next": "Ask"},
            Broken={"Type": "Fail", "ErrorPath": "$.error.Error"},
            Done=DONE,
        )
    )
    body = step_of(draft, "repeat_ask")["body"]
    assert ("ask", "ask_caught", "failed Busy") in edges_of(body)
    assert ("ask_caught_2", "ask_caught_2_ends", "") in edges_of(body)
    assert step_of(draft, "ask_caught_2_ends")["values"] == {"leave_repeat_ask": "Broken"}
    assert step_of(draft, "broken")["message"] == '=string(get(context, "error.Error", ""))'


def test_a_loop_within_a_loop() -> None:
    draft, _ = imported(
        chain(
            Outer=task(),
            Inner=task(),
            Again=choice("Next", again="Inner"),
            Next=choice("Done", outer="Outer"),
            Done=DONE,
        )
    )
    outer = step_of(draft, "repeat_outer")
    assert [step["kind"] for step in outer["body"]["steps"] if "kind" in step] == ["loop", "set"]
    inner = step_of(outer["body"], "repeat_inner")
    assert [step["name"] for step in inner["body"]["steps"]] == ["inner", "again"]


def test_a_circle_that_is_entered_at_two_states() -> None:
    draft, _ = imported(
        chain(
            First=choice("B", a="A"),
            A=task(),
            B=task(),
            Again=choice("Done", again="A", other="B"),
            Done=DONE,
        )
    )
    loop = step_of(draft, "repeat_a")
    assert ("choose_repeat_a", "b", 'context.next_repeat_a == "B"') in edges_of(loop["body"])
    assert step_of(draft, "enter_a")["values"] == {"next_repeat_a": "A"}
    assert ("enter_b", "repeat_a", "") in edges_of(draft)


def test_a_state_that_leads_to_itself() -> None:
    draft, _ = imported(chain(Ask=choice("Ask", done="Done"), Done=DONE))
    assert step_of(draft, "ask")["values"] == {
        "leave_repeat_ask": '=(context.status == "done") ? "Done" : ""'
    }


def test_names() -> None:
    names = Names()
    assert [names.new("Send it!"), names.new("send it"), names.new("7 days")] == [
        "send_it",
        "send_it_2",
        "state_7_days",
    ]
    assert (snake("HTTPCallV2"), snake("éa"), snake("")) == ("http_call_v2", "a", "state")
    assert len(names.new("x" * 99)) == len(names.new("x" * 99)) == 63
    assert (
        worker_name("arn:aws:lambda:eu-west-1:123456789012:function:${fn_update_metadata}")
        == "fn_update_metadata"
    )
    assert worker_name("${SFLambda}") == "sf_lambda"
