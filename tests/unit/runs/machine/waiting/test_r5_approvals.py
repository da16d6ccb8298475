"""Section 5 of docs/semantics.md: who answers an approval, its form, and what follows without an answer."""

from __future__ import annotations

from typing import Any

import pytest

from runs.machine.errors import BadAnswer, NotAssigned, Refused
from runs.machine.events import Approve
from tests.unit.runs.machine.driver import Driver, chain, kind, saga, task

rule = pytest.mark.rule
FORM = {
    "type": "object",
    "properties": {"amount": {"type": "integer", "default": 5}, "why": {"type": "string"}},
    "required": ["amount"],
    "additionalProperties": False,
}


def asking(**fields: Any) -> Driver:
    driver = Driver(
        chain(saga("a"), kind("w", "approval", **fields), task("z")), {"bosses": ["anna", "bert"]}
    )
    driver.run("a")
    return driver


def answer(driver: Driver, approved: bool = True, by: str = "anna", **more: Any) -> list[Any]:
    return driver.take(Approve(driver.now, "w", approved, by, **more))


ASSIGNEES = [
    # assignees, who answers, their groups, whether they administer, whether they may
    (("anna",), "anna", (), False, True),
    (("anna",), "bert", (), False, False),
    (("bert", "anna"), "anna", (), False, True),
    (("group:Boss",), "anna", ("Boss", "Operator"), False, True),
    (("group:Boss",), "anna", ("boss",), False, False),
    (("group:Boss",), "Boss", (), False, False),
    (("anna",), "root", (), True, True),
    ("=input.bosses", "bert", (), False, True),
    ("=input.bosses", "carl", (), False, False),
    ("='anna'", "anna", (), False, True),
    (("carl", "=input.bosses[0]"), "anna", (), False, True),
    (None, "anybody", (), False, True),
]


@rule("R5.40")
@pytest.mark.parametrize(("assignees", "by", "groups", "is_admin", "may"), ASSIGNEES)
def test_only_those_who_are_asked_may_answer(assignees, by, groups, is_admin, may) -> None:
    driver = asking(assignees=assignees)
    for approved in (False, True):
        if not may:
            with pytest.raises(NotAssigned) as refused:
                answer(driver, approved, by, groups=groups, is_admin=is_admin)
            assert (refused.value.status, refused.value.code) == (403, "not_assigned")
            assert driver.step("w").status == "waiting"
    if may:
        answer(driver, True, by, groups=groups, is_admin=is_admin)
        assert driver.step("w").status == "completed"


@rule("R5.40")
@pytest.mark.parametrize(
    ("assignees", "code"),
    [
        ("=[]", "bad_value"),
        ("=[1]", "bad_value"),
        ("=['']", "bad_value"),
        ("=''", "bad_value"),
        ("=null", "bad_value"),
        ("=input.missing", "bad_expression"),
        (("x" * 161,), "bad_value"),
    ],
)
def test_assignees_that_make_no_sense_fail_the_step(assignees, code) -> None:
    driver = asking(assignees=assignees)
    assert (driver.step("w").error or {})["code"] == code
    assert driver.ready() == ["a"], "it is undone"


@rule("R5.40")
def test_assignees_are_resolved_once_when_the_approval_begins() -> None:
    driver = asking(assignees="=input.bosses")
    assert (driver.step("w").waits or {})["assignees"] == ["anna", "bert"]


@rule("R5.41")
def test_the_answer_to_the_form_is_the_output_beside_the_decision() -> None:
    driver = asking(form=FORM)
    answer(driver, answer={"amount": 7, "why": "new"}, comment="fine")
    assert driver.context("z") == {
        "bosses": ["anna", "bert"],
        "amount": 7,
        "why": "new",
        "approved": True,
        "by": "anna",
        "comment": "fine",
    }


@rule("R5.41")
def test_the_keys_of_every_approval_have_precedence() -> None:
    driver = asking(form={"type": "object"})
    answer(driver, answer={"by": "mallory", "approved": False, "n": 1})
    context = driver.context("z")
    assert (context["by"], context["approved"], context["n"]) == ("anna", True, 1)


@rule("R5.41")
@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, "answer"),
        ({}, "answer"),
        ({"amount": "7"}, "answer.amount"),
        ({"amount": "=1"}, "answer.amount"),
        ({"amount": 7, "other": 1}, "answer"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_its_places(given, path) -> None:
    driver = asking(form=FORM)
    with pytest.raises(BadAnswer) as refused:
        answer(driver, answer=given)
    assert (refused.value.status, refused.value.problems[0]["path"]) == (422, path)
    assert driver.step("w").status == "waiting"


@rule("R5.41")
def test_an_approval_without_a_form_takes_no_answer() -> None:
    driver = asking()
    with pytest.raises(BadAnswer):
        answer(driver, answer={"n": 1})
    answer(driver, answer={})


@rule("R5.41")
def test_a_rejection_needs_no_answer() -> None:
    driver = asking(form=FORM, on_failure="continue")
    answer(driver, False, answer={"amount": "nonsense"}, comment="no")
    assert driver.step("w").status == "failed"
    assert "amount" not in driver.context("z")


@rule("R5.41")
@pytest.mark.parametrize("comment", ["", "  "])
def test_a_rejection_may_need_a_comment(comment) -> None:
    driver = asking(comment_required=True)
    with pytest.raises(Refused) as refused:
        answer(driver, False, comment=comment)
    assert refused.value.code == "comment_required"
    answer(driver, False, comment="too dear")
    assert driver.step("w").status == "failed"


@rule("R5.41")
def test_approving_needs_no_comment() -> None:
    driver = asking(comment_required=True)
    answer(driver)
    assert driver.step("w").status == "completed"


OVERDUE = [(None, "failed", "timeout"), ("fail", "failed", "timeout"), ("reject", "failed", "rejected")]


@rule("R5.42")
@pytest.mark.parametrize(("on_timeout", "status", "code"), OVERDUE)
def test_without_an_answer_it_fails_or_counts_as_rejected(on_timeout, status, code) -> None:
    driver = asking(timeout=60.0, on_timeout=on_timeout)
    driver.wait(60)
    driver.wake("w")
    assert (driver.step("w").status, (driver.step("w").error or {})["code"]) == (status, code)
    assert driver.ready() == ["a"]


@rule("R5.42")
def test_without_an_answer_it_counts_as_approved_by_nobody_with_the_defaults() -> None:
    driver = asking(timeout=60.0, on_timeout="approve", form=FORM)
    driver.wait(60)
    driver.wake("w")
    context = driver.context("z")
    assert (context["approved"], context["by"], context["amount"]) == (True, "", 5)
    assert context["comment"] == "Nobody answered within 60 seconds."
    assert driver.last("step.completed").data["timed_out"] is True


@rule("R5.42")
def test_a_rejection_by_time_that_is_passed_over_says_so_in_its_output() -> None:
    driver = asking(timeout=60.0, on_timeout="reject", on_failure="continue")
    driver.wait(60)
    driver.wake("w")
    context = driver.context("z")
    assert (context["approved"], context["by"]) == (False, "")
