"""Workflows as state machines: the states of each kind, what cannot be said is told, and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from designer import patterns
from designer.formats.asl.export.exporting import export_document
from designer.formats.asl.export.expressions import to_jsonata, value_of
from designer.formats.asl.expressions.scope import Untranslatable
from designer.formats.asl.importing import every_step, import_machine
from designer.formats.asl.machine import machine_of
from designer.formats.asl.report import Report
from tests.unit.designer.formats.asl.answers import answer_for
from tests.unit.designer.formats.asl.helpers import check, entry_of, imported, samples
from tests.unit.designer.formats.asl.play import Failed, Play
from tests.unit.designer.formats.asl.test_plays import stub

ONCE = {"retry": {"max_attempts": 1}}


def exported(*steps: dict[str, Any], edges: Any = None, **fields: Any) -> tuple[dict[str, Any], Report]:
    """The states of a workflow whose steps follow each other unless edges are given."""
    names = [step["name"] for step in steps]
    chain = [{"from": a, "to": b} for a, b in zip(names, names[1:], strict=False)]
    document = {"schema": 1, "name": "main", "defaults": ONCE, "steps": list(steps), **fields}
    machine, report = export_document({**document, "edges": chain if edges is None else edges})
    machine_of(machine)
    return machine["States"], report


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "worker": name, **fields}


def test_a_task_gets_the_context_and_merges_what_it_gives() -> None:
    pay = task("pay", params={"amount": "=context.total * 2"}, output_key="paid", timeout=30)
    states, report = exported(pay)
    assert states["pay"] == {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": "${pay}",
            "Payload": '{% $merge([$context, {"amount": ($context.total * 2)}]) %}',
        },
        "TimeoutSeconds": 30,
        "Assign": {"context": "{% $merge([$context, {'paid': $states.result.Payload}]) %}"},
        "Next": "end",
    }
    assert states["end"] == {"Type": "Succeed", "Output": "{% $context %}"}
    assert entry_of(report, "pay").status == "mapped"


@pytest.mark.parametrize(
    ("step", "state"),
    [
        ({"kind": "wait", "seconds": 5}, {"Type": "Wait", "Seconds": 5}),
        ({"kind": "wait", "until": "=context.at"}, {"Type": "Wait", "Timestamp": "{% $context.at %}"}),
        ({"kind": "set", "values": {"a": "=1 + 1"}}, {"Type": "Pass"}),
        (
            {"kind": "fail", "code": "no", "message": "No."},
            {"Type": "Fail", "Error": "no", "Cause": '{% "No." %}'},
        ),
        (
            {"kind": "workflow", "workflow": "other"},
            {"Resource": "arn:aws:states:::states:startExecution.sync:2"},
        ),
        (
            {"kind": "workflow", "workflow": "other", "detached": True},
            {"Resource": "arn:aws:states:::states:startExecution"},
        ),
        ({"kind": "approval"}, {"Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}),
        (
            {"kind": "map", "items": "context.rows", "worker": "w", "max_concurrency": 3, "tolerate": "5 %"},
            {
                "Type": "Map",
                "Items": "{% $context.rows %}",
                "MaxConcurrency": 3,
                "ToleratedFailurePercentage": 5.0,
            },
        ),
        (
            {"kind": "group", "body": {"steps": [task("inner")], "edges": []}},
            {"Type": "Parallel", "Assign": {"context": "{% $merge([$context, $states.result[0]]) %}"}},
        ),
    ],
)
def test_kinds(step: dict[str, Any], state: dict[str, Any]) -> None:
    states, _ = exported({"name": "it", **step})
    assert {key: states["it"][key] for key in state} == state


def test_a_loop_leads_back() -> None:
    loop = {
        "name": "poll",
        "kind": "loop",
        "worker": "ask",
        "until": "output.done",
        "max_turns": 5,
        "delay": 30,
    }
    states, _ = exported(loop)
    assert states["poll again"] == {
        "Type": "Choice",
        "Choices": [
            {"Condition": "{% $output.done %}", "Next": "end"},
            {"Condition": "{% $turn_poll >= 5 %}", "Next": "poll turns exhausted"},
        ],
        "Default": "poll 2",
    }
    assert states["poll delay"]["Next"] == "poll again"


def test_ways_branches_and_guards() -> None:
    edges = [
        {"from": "a", "to": "b", "when": "context.x > 1"},
        {"from": "a", "to": "c", "otherwise": True},
        {"from": "c", "to": "d"},
        {"from": "c", "to": "e"},
        {"from": "d", "to": "f"},
        {"from": "e", "to": "f"},
    ]
    steps = [task(name) for name in "abcdef"]
    steps[5]["when"] = "context.y"
    states, report = exported(*steps, edges=edges)
    assert states["a leads to"]["Choices"] == [{"Condition": "{% ($context.x > 1) %}", "Next": "b"}]
    assert [list(branch["States"])[2] for branch in states["c branches"]["Branches"]] == ["end 2", "end 3"]
    assert states["c branches"]["Next"] == "f"
    assert (states["f"]["Choices"][0]["Next"], states["f"]["Default"]) == ("f 2", "end")
    assert report.is_complete


def test_branches_that_cross_are_not_possible() -> None:
    edges = [{"from": a, "to": b} for a, b in ("ab", "ac", "bd", "be", "cd", "ce")]
    _, report = exported(*(task(name) for name in "abcde"), edges=edges)
    assert entry_of(report, "a").status == "not_possible"


def test_error_edges_and_retries_by_name() -> None:
    retry = [{"max_attempts": 3, "only": ["busy"], "initial": 2, "jitter": 0}, {"max_attempts": 1}]
    edges = [
        {"from": "a", "to": "b", "on": "failed", "errors": ["declined", "timeout"]},
        {"from": "a", "to": "c"},
    ]
    states, _ = exported(task("a", retry=retry), task("b"), task("c", on_failure="continue"), edges=edges)
    assert states["a"]["Retry"] == [
        {
            "ErrorEquals": ["busy"],
            "IntervalSeconds": 2,
            "MaxAttempts": 2,
            "BackoffRate": 2.0,
            "MaxDelaySeconds": 30,
        }
    ]
    assert states["a"]["Catch"][0]["ErrorEquals"] == ["declined", "States.Timeout"]
    assert states["a"]["Catch"][0]["Next"] == "b"
    assert states["c"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "end"}]


def test_undo_slots_are_a_chain_of_states_behind_a_catch() -> None:
    steps = [task(name, compensation={"worker": f"undo_{name}"}) for name in ("a", "b")]
    states, report = exported(*steps, task("c"))
    assert states["c"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "b was done"}]
    assert states["b was done"]["Choices"][0]["Next"] == "undo b"
    assert (states["undo b"]["Next"], states["undo a"]["Next"]) == ("a was done", "undone")
    assert entry_of(report, "a").status == "approximated"
    inner = {"steps": [steps[0]], "edges": []}
    _, report = exported({"name": "group", "kind": "group", "body": inner})
    assert "its undo is left out" in report.as_text()


def test_what_is_left_out_is_told() -> None:
    machine, report = export_document(
        {
            "schema": 1,
            "name": "main",
            "compensation_order": "parallel",
            "steps": [task("a", pivot=True, params={"x": '=context.at.getHours("UTC")'})],
        }
    )
    assert entry_of(report, "a").status == "not_possible"
    assert "pivot is left out" in machine["Comment"]
    assert "compensation_order of the workflow is left out." in report.notes


@pytest.mark.parametrize(
    ("source", "jsonata"),
    [
        ("context.a == 1 && !(input.b in [1, 2])", "(($context.a = 1) and $not((($input.b in [1, 2]))))"),
        ('"a" + string(steps.x.y)', '("a" & $string($steps.x.y))'),
        ('context["a b"].c[0]', '$lookup($context, "a b").c[0]'),
        ("size(context.rows) > 0 ? 1 : 2", "(($count($context.rows) > 0) ? 1 : 2)"),
        ("context.rows.map(row, row.a)", "[$map($context.rows, function($row) { $row.a })]"),
        ('merge(context, {"a": 1})', '$merge([$context, {"a": 1}])'),
        ('get(context, "a.b", 0)', "($exists($context.a.b) ? $context.a.b : 0)"),
        ("has(context.a)", "$exists($context.a)"),
        ('context.a.matches("^x/")', "$contains($context.a, /^x\\//)"),
        ("run.id", "$states.context.Execution.Id"),
    ],
)
def test_expressions(source: str, jsonata: str) -> None:
    assert to_jsonata(source) == jsonata


@pytest.mark.parametrize(
    "source", ["timestamp(context.a)", "unknown.a", "context.a.startsWith('x')", "(1", "(" * 60]
)
def test_expressions_without_a_counterpart(source: str) -> None:
    with pytest.raises(Untranslatable):
        to_jsonata(source)


def test_texts_that_begin_with_a_sign_are_texts() -> None:
    assert value_of({"a": ["==x", "=1"]}) == {"a": ["=x", "{% 1 %}"]}


TELL_OTHERWISE = (
    # they wait for task tokens, which are asked for by functions of their own
    "emit_and_wait",
    "inventory_management",
    "lambda_orchestration",
    "parallel_agent",
    "parallel_human",
    "selective_checkpointing",
    "sfn_rekognition",
    "sfn_textract_callback",
    "uml_blogbackgroundcheckssm",
    "wait_for_callback",
    "webhook_provider",
    # they write objects as texts, or cut lists
    "async_state_machine",
    "categorization",
    "data_processing_tf",
    "idempotent_workflow",
    "scatter_gather",
    "step_functions_athena_glue",
    "transfer_data_records",
)


def calls(draft: dict[str, Any], answer: dict[str, Any]) -> tuple[list[str], bool]:
    """The workers that a play of the draft calls, in order, and whether it ends well."""
    seen: list[str] = []

    def work(worker: str, step: str, context: Any) -> Any:
        seen.append(worker)
        return stub(answer, worker, step, context)

    try:
        Play(work).run(draft, {**answer, "items": [answer]})
    except Failed:
        return seen, False
    return seen, True


@pytest.mark.parametrize("name", [name for name in samples() if not name.startswith(TELL_OTHERWISE)])
def test_what_comes_back_calls_the_same_workers(name: str) -> None:
    draft, _ = imported(samples()[name])
    back, _ = import_machine(machine_of(export_document(draft)[0]), "back")
    answer = answer_for(samples()[name], None)
    assert calls(back, answer) == calls(draft, answer)


DRAFTS = [
    *(patterns.read(name) for name in patterns.NAMES),
    *(imported(machine)[0] for machine in samples().values()),
]


@pytest.mark.parametrize("document", DRAFTS, ids=lambda document: document["title"][:40])
def test_a_workflow_goes_out_and_comes_back(document: dict[str, Any]) -> None:
    machine, report = export_document(json.loads(json.dumps(document)))
    read = machine_of(machine)
    names = [state.name for state in read.every()]
    assert len(names) == len(set(names))
    told = [entry.path for entry in report.entries]
    assert {step["name"] for step in every_step(document)} <= set(told)
    assert {name for entry in report.entries for name in entry.steps} <= set(names)
    draft, back = import_machine(read, "back")
    check(read, draft, back)
    assert back.is_complete
    workers = {step["worker"] for step in every_step(document) if step.get("worker")}
    assert workers <= back.workers.keys()
