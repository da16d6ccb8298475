"""Section 2 of docs/semantics.md: contexts, params and outputs."""

from __future__ import annotations

import pytest

from designer.document.graph import Edge
from designer.errors import ExpressionError
from runs.machine.bindings import bound_params, merge_patch
from tests.unit.runs.machine.driver import Driver, chain, gave, graph, saga, task
from workers.sdk.outcome import Outcome

rule = pytest.mark.rule


@rule("R2.1")
def test_a_context_is_the_input_and_then_what_the_steps_before_gave() -> None:
    driver = Driver(chain(task("a"), task("b"), task("c")), {"x": 0, "kept": True})
    driver.run("a", gave(x=1, a=1))
    driver.run("b", gave(x=2))
    assert driver.context("c") == {"x": 2, "a": 1, "kept": True}


@rule("R2.1")
@pytest.mark.parametrize("first", ["left", "right"])
def test_of_unordered_steps_the_later_one_of_the_document_wins(first: str) -> None:
    steps = [task("right"), task("left"), task("join")]
    driver = Driver(graph(steps, [("left", "join"), ("right", "join")]))
    second = {"left": "right", "right": "left"}[first]
    driver.run(first, gave(x=first))
    driver.run(second, gave(x=second))
    assert driver.context("join") == {"x": "left"}


@rule("R2.2")
def test_parallel_branches_do_not_see_each_other() -> None:
    driver = Driver(graph([task("a"), task("b"), task("after_a")], [("a", "after_a")]))
    driver.run("b", gave(b=1))
    driver.run("a", gave(a=1))
    assert driver.context("after_a") == {"a": 1}


@rule("R2.3")
@pytest.mark.parametrize(
    ("output", "seen"),
    [({"a": 1}, {"a": 1}), ([1], {"result": [1]}), (0, {"result": 0}), (None, {})],
)
def test_a_dict_is_merged_another_value_is_the_result_and_nothing_adds_nothing(output, seen) -> None:
    driver = Driver(chain(task("a"), task("b")))
    driver.run("a", Outcome("succeeded", output))
    assert driver.context("b") == seen


@rule("R2.3")
@pytest.mark.parametrize(("output", "seen"), [({"a": 1}, {"k": {"a": 1}}), (5, {"k": 5}), (None, {})])
def test_an_output_key_keeps_the_output_apart(output, seen) -> None:
    driver = Driver(chain(task("a", output_key="k"), task("b")))
    driver.run("a", Outcome("succeeded", output))
    assert driver.context("b") == seen


@rule("R2.4")
def test_params_see_context_input_steps_and_run() -> None:
    params = {
        "context": "=context.x",
        "input": "=input.x",
        "step": "=steps.a.x",
        "run": "=run.id + ' of ' + run.workflow",
        "deep": [{"text": "==plain"}],
    }
    driver = Driver(chain(task("a"), task("b", params=params)), {"x": 0})
    driver.run("a", gave(x=1))
    bound = bound_params(driver.memory.graph, driver.memory.state(), "b", "forward")
    assert bound == {"context": 1, "input": 0, "step": 1, "run": "run of flow", "deep": [{"text": "=plain"}]}


@rule("R2.4")
def test_params_that_cannot_be_evaluated_are_an_error() -> None:
    driver = Driver(chain(task("a", params={"x": "=context.nope"})))
    with pytest.raises(ExpressionError, match="nope"):
        bound_params(driver.memory.graph, driver.memory.state(), "a", "forward")


@rule("R2.5")
def test_a_steps_own_output_is_never_overwritten() -> None:
    driver = Driver(chain(task("a"), task("b"), task("c", params={"a": "=steps.a.x", "b": "=steps.b.x"})))
    driver.run("a", gave(x=1))
    driver.run("b", gave(x=2))
    assert bound_params(driver.memory.graph, driver.memory.state(), "c", "forward") == {"a": 1, "b": 2}


@rule("R2.6")
def test_each_output_is_in_the_journal_once() -> None:
    driver = Driver(chain(*(task(name) for name in "abcd")))
    for name in "abcd":
        driver.run(name, gave(**{name: f"only here: {name}"}))
    payloads = [entry.payload for entry in driver.memory.journal if entry.payload is not None]
    assert payloads == [{name: f"only here: {name}"} for name in "abcd"]
    assert driver.output() == {name: f"only here: {name}" for name in "abcd"}


@rule("R2.7")
@pytest.mark.parametrize(
    "step",
    [
        task("a", when="context.nope > 1"),
        task("a", when="'text'"),
        task("a", kind="map", items="context.nope", worker="work"),
        task("a", kind="wait", seconds="=context.nope", worker=None),
        task("a", kind="workflow", workflow="w", input={"x": "=context.nope"}, worker=None),
    ],
    ids=["guard", "guard that is no condition", "items", "seconds", "input"],
)
def test_an_expression_that_fails_fails_its_step(step) -> None:
    driver = Driver(chain(saga("before"), step))
    driver.trust()
    driver.run("before")
    assert driver.step("a").status == "failed"
    assert (driver.step("a").error or {})["code"] == "bad_expression"
    assert driver.memory.run.reason == "failure"


@rule("R2.7")
def test_an_edge_whose_condition_fails_fails_the_run_and_undoes_its_step() -> None:
    driver = Driver(graph([saga("a"), task("b")], [Edge("a", "b", when="context.nope > 1")]))
    driver.run("a")
    driver.undo_all()
    assert driver.status == "compensated"
    assert (driver.memory.run.error or {})["code"] == "bad_expression"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": None}, {}),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": None, "d": 2}}, {"a": {"c": 1, "d": 2}}),
        ({"a": [1]}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, [1], [1]),
    ],
)
@rule("R7.2")
def test_a_patch_is_a_json_merge_patch(target, patch, result) -> None:
    assert merge_patch(target, patch) == result
