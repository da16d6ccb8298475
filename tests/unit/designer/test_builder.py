"""Workflows written in Python."""

from __future__ import annotations

import pytest

from designer.builder import WorkflowBuilder
from designer.document.document import dump, parse
from designer.document.graph import Action, Edge, Graph, Retry
from designer.errors import BuildError


def ends(graph: Graph) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in graph.edges]


def test_steps_follow_each_other_in_the_order_of_adding() -> None:
    graph = (
        WorkflowBuilder("order_processing")
        .add_step("reserve_inventory", "reserve_inventory", compensation="release_inventory")
        .add_step("charge_payment", "charge_payment", compensation="refund_payment")
        .add_step("send_confirmation", "send_confirmation")
        .build()
    )
    assert graph.name == "order_processing"
    assert ends(graph) == [("reserve_inventory", "charge_payment"), ("charge_payment", "send_confirmation")]
    assert graph.by_name["reserve_inventory"].undo == Action("release_inventory")
    assert graph.by_name["send_confirmation"].compensation is None


def test_a_builder_needs_no_chaining() -> None:
    builder = WorkflowBuilder("main")
    builder.add_step("a", "w")
    builder.add_step("b", "w")
    assert ends(builder.build()) == [("a", "b")]


def test_every_option_of_a_step() -> None:
    graph = (
        WorkflowBuilder("main", title="T", timeout=60, compensation_order="parallel")
        .add_step(
            "a",
            "w",
            compensation={"worker": "undo", "params": {"id": "=output.id"}},
            verify="ask",
            fallback={"worker": "other", "timeout": 5},
            params={"x": "=context.x"},
            retry={"max_attempts": 5},
            timeout=30,
            when="context.go",
            on_failure="pause",
            output_key="a",
            dynamic=True,
            pivot=True,
            title="A",
            notes="why",
            queue="slow",
        )
        .build()
    )
    step = graph.by_name["a"]
    assert (graph.title, graph.timeout, graph.compensation_order) == ("T", 60, "parallel")
    assert step.undo == Action("undo", {"id": "=output.id"})
    assert (step.verify, step.fallback) == (Action("ask"), Action("other", timeout=5))
    assert (step.retry, step.timeout, step.when) == (Retry(max_attempts=5), 30, "context.go")
    assert (step.on_failure, step.output_key, step.dynamic, step.pivot) == ("pause", "a", True, True)


@pytest.mark.parametrize("slot", ["none", "irreversible"])
def test_the_other_undo_slots(slot: str) -> None:
    graph = WorkflowBuilder("main").add_step("a", "w", compensation=slot).build()
    assert graph.by_name["a"].compensation == slot


def test_all_kinds() -> None:
    graph = (
        WorkflowBuilder("main")
        .map("each", "w", "=context.rows", batch_size=10, max_concurrency=2, tolerate=1, compensation="undo")
        .workflow("child", "other", version=2, input={"x": 1})
        .wait("pause", seconds=5)
        .wait("morning", until="2030-01-31T09:00:00Z")
        .wait("paid", signal="paid", timeout=60)
        .approval("check", "Go on?", timeout=3600)
        .build()
    )
    assert [step.kind for step in graph.steps] == ["map", "workflow", "wait", "wait", "wait", "approval"]
    assert len(graph.edges) == 5
    assert graph.by_name["each"].batch_size == 10
    assert (graph.by_name["child"].version, graph.by_name["check"].message) == (2, "Go on?")


def test_parallel_branches_are_joined_by_the_next_step() -> None:
    graph = (
        WorkflowBuilder("main")
        .add_step("a", "w")
        .parallel(
            lambda branch: branch.add_step("b", "w"),
            lambda branch: branch.add_step("c", "w").add_step("d", "w"),
            lambda branch: branch,
        )
        .add_step("e", "w")
        .build()
    )
    assert ends(graph) == [("a", "b"), ("a", "c"), ("c", "d"), ("b", "e"), ("d", "e"), ("a", "e")]


def test_a_workflow_may_begin_with_parallel_branches() -> None:
    graph = (
        WorkflowBuilder("main")
        .parallel(lambda branch: branch.add_step("a", "w"), lambda branch: branch.add_step("b", "w"))
        .add_step("c", "w")
        .build()
    )
    assert graph.roots == ("a", "b")
    assert ends(graph) == [("a", "c"), ("b", "c")]


def test_a_branch_is_chosen_by_its_condition() -> None:
    graph = (
        WorkflowBuilder("main")
        .add_step("a", "w")
        .branch(
            ("context.n > 5", lambda branch: branch.add_step("big", "w")),
            ("context.n > 1", lambda branch: branch.add_step("middle", "w")),
            otherwise=lambda branch: branch,
        )
        .add_step("z", "w")
        .build()
    )
    assert graph.edges == (
        Edge("a", "big", "context.n > 5"),
        Edge("a", "middle", "context.n > 1"),
        Edge("big", "z"),
        Edge("middle", "z"),
        Edge("a", "z", None, True),
    )


def test_branches_may_hold_branches() -> None:
    graph = (
        WorkflowBuilder("main")
        .add_step("a", "w")
        .parallel(
            lambda left: left.add_step("b", "w").branch(
                ("true", lambda inner: inner.add_step("c", "w")),
                otherwise=lambda inner: inner.add_step("d", "w"),
            ),
            lambda right: right.add_step("e", "w"),
        )
        .add_step("f", "w")
        .build()
    )
    assert {edge.source for edge in graph.incoming["f"]} == {"c", "d", "e"}


def test_a_branch_needs_one_step_before_it() -> None:
    with pytest.raises(BuildError, match="exactly one step"):
        WorkflowBuilder("main").branch(("true", lambda branch: branch))
    parallel = WorkflowBuilder("main").parallel(
        lambda branch: branch.add_step("a", "w"), lambda branch: branch.add_step("b", "w")
    )
    with pytest.raises(BuildError, match="join parallel branches with a step first"):
        parallel.branch(("true", lambda branch: branch))


def test_any_graph_can_be_drawn() -> None:
    graph = (
        WorkflowBuilder("main")
        .step("a", "w")
        .step("b", kind="wait", seconds=1)
        .step("c", "w", compensation="undo")
        .edge("a", "c", when="true")
        .edge("a", "b", otherwise=True)
        .build()
    )
    assert graph.edges == (Edge("a", "c", "true"), Edge("a", "b", None, True))
    assert graph.by_name["c"].undo == Action("undo")


def test_all_that_is_wrong_is_said_at_once() -> None:
    builder = WorkflowBuilder("Main").add_step("A", "w", timeout=-1).wait("b")
    with pytest.raises(BuildError) as error:
        builder.build()
    codes = [problem.code for problem in error.value.problems]
    assert codes == ["bad_name", "bad_name", "bad_value", "bad_wait", "bad_name"]
    assert "steps[0].timeout" in str(error.value)


def test_what_is_built_is_what_is_read() -> None:
    graph = WorkflowBuilder("main").add_step("a", "w", params={"x": (1, 2)}).build()
    assert parse(dump(graph)) == (graph, [])
