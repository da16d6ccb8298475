"""Section 7 of docs/semantics.md: questions to a person."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from designer.document.graph import Edge, Retry
from runs.machine.allowed import allowed
from runs.machine.answers import DIRECTIONS, OPTION, OPTIONS, Answer, Kind, Option
from runs.machine.errors import Refused
from runs.machine.events import AnswerIntervention, ClaimIntervention
from runs.machine.operator_actions import RULES
from tests.unit.runs.machine.driver import CRITICAL, PERSON, Driver, chain, gave, graph, saga, task
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule
ALL_ANSWERS: tuple[Any, ...] = ("retry", "resolve", "skip", "compensate", "abandon", "nonsense")


def forward(**fields: Any) -> Driver:
    """An undoable step is done, the one after it waits for a person."""
    steps = [saga("a"), task("b", **{"on_failure": "pause"} | fields), task("c")]
    driver = Driver(chain(*steps), {"x": {"y": 1, "z": 1}})
    driver.run("a", gave(a=1))
    driver.run("b", Outcome("failed", {"said": "no"}, Failure("returned_failed", "no", "", "the traceback")))
    return driver


def backward() -> Driver:
    """A run is being undone, and the first undo has failed."""
    driver = Driver(chain(saga("a"), saga("b"), task("z")))
    driver.run("a")
    driver.run("b")
    driver.run("z", CRITICAL)
    driver.run("b", CRITICAL)
    return driver


@rule("R7.1")
def test_a_question_says_which_way_and_why() -> None:
    driver = forward()
    data = driver.last("intervention.opened").data
    assert data["kind"] == "step_failed"
    assert data["error"] == {"code": "returned_failed", "message": "no", "traceback": "the traceback"}
    assert backward().last("intervention.opened").data["kind"] == "compensation_failed"


@rule("R7.1")
def test_a_worker_may_ask_for_a_person() -> None:
    driver = Driver(chain(task("a", retry=Retry())))
    driver.run("a", PERSON)
    assert (driver.statuses("a"), driver.status) == (["blocked"], "blocked")


# --- forward ---


@rule("R7.2")
def test_retry_tries_again_from_the_beginning_with_the_patched_context() -> None:
    driver = forward(retry=Retry(max_attempts=2, initial=0.0))
    driver.answer("b", "retry", patch={"x": {"z": None}, "new": 1})
    assert (driver.statuses("b"), driver.step("b").failures) == (["queued"], 0)
    driver.claim("b")
    assert driver.context("b") == {"x": {"y": 1}, "a": 1, "new": 1}
    driver.report("b", CRITICAL)
    driver.answer("b", "retry", patch={"new": 2})
    driver.run("b")
    assert driver.last("intervention.answered").payload == {"new": 2}
    assert "new" not in driver.context("c"), "a patch is for the step that is tried again"
    assert driver.step("b").output_seq == driver.last("step.completed").seq


@rule("R7.2")
def test_resolve_completes_the_step_with_what_the_person_enters() -> None:
    driver = forward()
    driver.answer("b", "resolve", output={"b": 2})
    assert driver.statuses("b", "c") == ["completed", "queued"]
    assert driver.context("c") == {"x": {"y": 1, "z": 1}, "a": 1, "b": 2}
    assert driver.last("step.completed").data["by_hand"] is True


@rule("R7.2")
def test_skip_goes_on_as_if_the_failure_might_be_passed_over() -> None:
    driver = forward()
    driver.answer("b", "skip")
    assert driver.statuses("b", "c") == ["failed", "queued"]
    assert driver.context("c")["said"] == "no"


@rule("R7.2")
def test_compensate_gives_up() -> None:
    driver = forward()
    driver.answer("b", "compensate")
    assert driver.statuses("b") == ["failed"]
    assert driver.ready() == ["a"]
    assert (driver.memory.run.error or {})["step"] == "b"


@rule("R7.2")
@pytest.mark.parametrize("guard", ["context.v < 5"])
def test_retry_evaluates_a_guard_again_that_could_not_be_evaluated(guard) -> None:
    driver = Driver(chain(task("a", when=guard, on_failure="pause"), task("b")))
    driver.trust()
    assert driver.statuses("a") == ["blocked"]
    driver.answer("a", "retry", patch={"v": 9})
    assert driver.statuses("a", "b") == ["skipped", "queued"]


# --- back ---


@rule("R7.3")
def test_retry_undoes_again_with_the_patched_context_and_then_goes_on() -> None:
    driver = backward()
    driver.answer("b", "retry", patch={"key": 1})
    assert driver.notified() == ["b"]
    driver.claim("b")
    assert driver.context("b")["key"] == 1
    driver.report("b")
    assert driver.ready() == ["a"]


@rule("R7.3")
@pytest.mark.parametrize(
    ("answer", "undo", "end"), [("resolve", "resolved", "compensated"), ("abandon", "abandoned", "failed")]
)
def test_an_undo_is_done_by_hand_or_left(answer, undo, end) -> None:
    driver = backward()
    driver.answer("b", answer)
    assert driver.undos("b") == [undo]
    assert driver.ready() == ["a"]
    driver.run("a")
    assert driver.status == end


# --- which answers ---


@rule("R7.4")
@pytest.mark.parametrize(
    ("driver", "step", "answers"),
    [
        (forward, "b", {"retry", "resolve", "skip", "compensate"}),
        (backward, "b", {"retry", "resolve", "abandon"}),
    ],
)
def test_exactly_the_answers_that_fit_are_taken(driver, step, answers) -> None:
    made = driver()
    assert set(allowed(made.memory.graph, made.memory.state()).interventions[step]) == answers
    for answer in ALL_ANSWERS:
        made = driver()
        event = AnswerIntervention(made.now, step, made.step(step).intervention or 0, answer, "anna", "note")
        assert made.verdict(event) == ("+" if answer in answers else "x")


@rule("R7.4")
@pytest.mark.parametrize("note", ["", "  \n"])
@pytest.mark.parametrize(
    ("driver", "answer"), [(forward, "resolve"), (backward, "resolve"), (backward, "abandon")]
)
def test_what_a_person_does_by_hand_or_leaves_needs_a_note(driver, answer, note) -> None:
    made = driver()
    with pytest.raises(Refused, match="note"):
        made.answer("b", answer, note=note)


@rule("R7.5")
@pytest.mark.parametrize("driver", [forward, backward])
@pytest.mark.parametrize("first", ["retry", "resolve"])
def test_of_two_answers_the_first_counts(driver, first) -> None:
    made = driver()
    opened = made.step("b").intervention or 0
    made.answer("b", first)
    before = made.memory.run
    with pytest.raises(Refused) as refused:
        made.take(AnswerIntervention(made.now, "b", opened, "resolve", "bert", "note"))
    assert refused.value.code == "already_answered"
    assert made.memory.run == before


@rule("R7.5")
def test_the_answer_to_an_old_question_does_not_answer_the_next_one() -> None:
    driver = forward()
    first = driver.step("b").intervention or 0
    driver.answer("b", "retry")
    driver.run("b", CRITICAL)
    assert driver.verdict(AnswerIntervention(driver.now, "b", first, "skip", "bert")) == "x"
    assert driver.statuses("b") == ["blocked"]


@rule("R7.6")
def test_a_question_is_claimed_given_back_and_answered_and_the_journal_says_by_whom() -> None:
    driver = forward()
    opened = driver.step("b").intervention or 0
    for person in ("anna", "", "bert"):
        driver.take(ClaimIntervention(driver.now, "b", opened, person))
        assert driver.last("intervention.claimed").data == {"opened": opened, "by": person}
    driver.answer("b", "resolve", note="called the bank")
    data = driver.last("intervention.answered").data
    assert (data["opened"], data["answer"], data["by"], data["note"]) == (
        opened,
        "resolve",
        "anna",
        "called the bank",
    )
    assert driver.verdict(ClaimIntervention(driver.now, "b", opened, "anna")) == "x"


# --- the table of answers ---


def test_every_answer_is_in_the_table_and_every_row_has_a_rule() -> None:
    assert {option.answer for option in OPTIONS} == set(get_args(Answer))
    assert {option.kind for option in OPTIONS} == set(get_args(Kind)) == set(DIRECTIONS)
    assert set(RULES) == set(OPTION) and len(OPTION) == len(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: f"{option.kind}-{option.answer}")
def test_every_row_has_words_for_people(option: Option) -> None:
    assert option.title and option.effect.endswith(".")
    assert "a-step" in option.lead.format(step="a-step", worker="a-worker")


@rule("R7.2")
@rule("R2.5")
def test_a_retry_that_fails_without_an_output_leaves_none_of_the_attempt_before() -> None:
    edges = [Edge("a", "b", when="context.odd == 1"), Edge("a", "c", otherwise=True)]
    steps = [task("a", on_failure="continue"), task("b"), task("c"), task("d")]
    driver = Driver(graph(steps, [*edges, Edge("c", "d")]), {"odd": 0})
    driver.run("a", Outcome("intervention", {"odd": 1}, PERSON.failure))
    driver.answer("a", "retry")
    driver.run("a", CRITICAL)
    assert driver.statuses("b", "c") == ["skipped", "queued"]
    driver.run("c")
    assert driver.context("d")["odd"] == 0
