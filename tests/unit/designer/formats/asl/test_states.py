"""Each type of state and each of its fields: what the draft has for it."""

from __future__ import annotations

from typing import Any

import pytest

from designer.errors import FormatError
from designer.formats.asl.machine import machine_of
from designer.formats.uploads import read_workflow
from tests.unit.designer.formats.asl.helpers import (
    chain,
    draft_of,
    edges_of,
    entry_of,
    imported,
    step_of,
    task,
)

LAMBDA = "arn:aws:states:::lambda:invoke"
PAYLOAD = {"FunctionName": "${ChargeCardFunctionArn}", "Payload.$": "$"}


def test_states_that_only_add_keys_leave_the_context_as_data() -> None:
    draft = draft_of(
        chain(
            Reserve=task(ResultPath="$.reservation"),
            Charge=task(Parameters={"id.$": "$.reservation.id", "fixed": "=1"}, ResultPath=None),
            Ship=task(),
        )
    )
    assert [step["name"] for step in draft["steps"]] == ["reserve", "charge", "ship"]
    assert step_of(draft, "reserve")["output_key"] == "reservation"
    assert step_of(draft, "charge")["params"] == {"id": "=context.reservation.id", "fixed": "==1"}
    assert step_of(draft, "charge")["output_key"] == "charge_result"
    assert "output_key" not in step_of(draft, "ship")


def test_a_result_that_replaces_the_data_is_kept_under_a_key() -> None:
    draft = draft_of(chain(First=task(), Second=task(ResultPath="$.more"), Third=task(InputPath="$.more")))
    assert step_of(draft, "first")["params"] == {"data": "=input"}
    assert step_of(draft, "first")["output_key"] == "data"
    assert "params" not in step_of(draft, "second")
    assert step_of(draft, "second_result")["values"] == {
        "data": '=merge(context.data, {"more": context.second_result})'
    }
    assert step_of(draft, "third")["params"] == {"data": "=context.data.more"}


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"OutputPath": "$.Payload"}, None),
        ({"ResultSelector": {"id.$": "$.Payload.id"}}, {"id": "=context.work_result.id"}),
        (
            {"ResultPath": "$.a.b", "OutputPath": "$.a"},
            '=merge(get(input, "a", {}), {"b": {"Payload": context.work_result, "StatusCode": 200}})',
        ),
    ],
)
def test_results_of_a_function_have_its_payload(fields: dict[str, Any], left: Any) -> None:
    work = {"Type": "Task", "Resource": LAMBDA, "Parameters": PAYLOAD, **fields}
    draft = draft_of(chain(Work=work, Next=task()))
    assert step_of(draft, "work")["worker"] == "charge_card"
    if left is None:
        assert step_of(draft, "work")["output_key"] == "data"
    else:
        assert step_of(draft, "work_result")["values"] == {"data": left}


@pytest.mark.parametrize(
    ("resource", "parameters", "worker"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:SendInvoice", None, "send_invoice"),
        ("arn:aws:lambda:us-east-1:123456789012:function:SendInvoice:7", None, "send_invoice"),
        ("${LambdaInvoke}", {"FunctionName": "${Send.Arn}"}, "send"),
        ("arn:aws:states:::dynamodb:putItem", {}, "dynamodb_put_item"),
        ("arn:aws:states:::aws-sdk:s3:getObject", {}, "s3_get_object"),
        ("arn:aws:states:::batch:submitJob.sync", {}, "batch_submit_job"),
        ("arn:aws:states:::http:invoke", {"ApiEndpoint": "https://x.y", "Method": "GET"}, "http_request"),
        ("arn:aws:states:us-east-1:123456789012:activity:Approve", None, "approve"),
        ("arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": "${Child}"}, "run_child"),
        (LAMBDA, {"FunctionName.$": "$.function"}, "invoke_lambda"),
    ],
)
def test_a_resource_is_a_worker_by_a_readable_name(resource: str, parameters: Any, worker: str) -> None:
    fields = {} if parameters is None else {"Parameters": parameters}
    assert step_of(draft_of(chain(Work=task(Resource=resource, **fields))), "work")["worker"] == worker


def test_a_machine_that_exists_as_a_workflow_is_run_as_one() -> None:
    start = "arn:aws:states:::states:startExecution"
    given = {"StateMachineArn": "${ChildStateMachine}", "Input": {"id.$": "$.id"}}
    machine = chain(
        Waits=task(Resource=f"{start}.sync:2", Parameters=given, ResultPath="$.child"),
        Starts=task(Resource=start, Parameters=given, ResultPath=None),
    )
    draft, _ = imported(machine, workflows=["child_state_machine"])
    waits = step_of(draft, "waits")
    assert (waits["kind"], waits["workflow"], waits["input"]) == (
        "workflow",
        "child_state_machine",
        {"id": "=context.id"},
    )
    assert step_of(draft, "starts")["detached"] is True


def test_a_task_token_is_a_signal_to_the_run() -> None:
    given = {"QueueUrl": "${Queue}", "MessageBody": {"token.$": "$$.Task.Token"}}
    asks = task(
        Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters=given, HeartbeatSeconds=60
    )
    draft, report = imported(chain(Ask=asks))
    assert step_of(draft, "ask")["params"]["MessageBody"] == {"token": "=run.id"}
    wait = step_of(draft, "ask_done")
    assert (wait["kind"], wait["signal"], wait["timeout"]) == ("wait", "ask_done", 60)
    assert entry_of(report, "Ask").status == "approximated"


def test_retries_are_policies_by_the_names_of_errors() -> None:
    retry = [
        {
            "ErrorEquals": ["Lambda.Busy", "States.Timeout"],
            "IntervalSeconds": 2,
            "MaxAttempts": 6,
            "BackoffRate": 2,
        },
        {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "MaxDelaySeconds": 5, "JitterStrategy": "FULL"},
    ]
    draft, report = imported(chain(Work=task(Retry=retry, TimeoutSeconds=30)))
    work = step_of(draft, "work")
    assert work["timeout"] == 30
    assert work["retry"] == [
        {
            "max_attempts": 7,
            "initial": 2,
            "factor": 2,
            "max": 256,
            "jitter": 0,
            "only": ["Lambda.Busy", "timeout"],
        },
        {"max_attempts": 1, "initial": 1, "factor": 2, "max": 2, "jitter": 0, "never": ["timeout"]},
        {"max_attempts": 4, "initial": 1, "factor": 2, "max": 5, "jitter": 1},
    ]
    assert draft["defaults"]["retry"] == {"max_attempts": 1}
    assert entry_of(report, "Work").status == "approximated"


def test_catches_are_error_edges_that_say_what_failed() -> None:
    catch = [
        {"ErrorEquals": ["Declined"], "ResultPath": "$.error", "Next": "Refund"},
        {"ErrorEquals": ["States.TaskFailed"], "Next": "Broken"},
        {"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Done"},
    ]
    draft = draft_of(
        chain(
            Charge=task(Catch=catch, ResultPath=None, Next="Done"),
            Refund=task(ResultPath=None, Next="Done"),
            Broken={"Type": "Fail", "Error": "Broken", "Cause": "It broke."},
            Done={"Type": "Succeed"},
        )
    )
    assert edges_of(draft) == [
        ("charge", "charge_caught", "failed Declined"),
        ("charge", "done", ""),
        ("charge_caught", "refund", ""),
        ("charge", "broken", 'failed * outcomes.charge.error.code != "timeout"'),
        ("charge", "done", "failed *"),
        ("refund", "done", ""),
    ]
    assert step_of(draft, "charge_caught")["values"] == {
        "error": '={"Error": outcomes.charge.error.code, "Cause": outcomes.charge.error.message}'
    }
    assert step_of(draft, "broken") == {
        "name": "broken",
        "title": "Broken",
        "kind": "fail",
        "code": "Broken",
        "message": "It broke.",
    }


def test_a_choice_is_the_edges_behind_the_step_before() -> None:
    rules = [
        {"Variable": "$.a", "NumericEquals": 1, "Next": "One"},
        {"Variable": "$.a", "NumericEquals": 2, "Next": "One"},
        {"Variable": "$.a", "NumericEquals": 3, "Next": "Two"},
        {"Variable": "$.a", "NumericEquals": 4, "Next": "One"},
    ]
    draft, report = imported(
        chain(
            Work=task(ResultPath="$.a"),
            Which={"Type": "Choice", "Choices": rules, "Default": "Two"},
            One={"Type": "Pass", "End": True},
            Two={"Type": "Pass", "End": True},
        )
    )
    assert edges_of(draft) == [
        ("work", "one", "(context.a == 1) || (context.a == 2)"),
        ("work", "two", "context.a == 3"),
        ("work", "to_one", "context.a == 4"),
        ("to_one", "one", ""),
        ("work", "to_two", "otherwise"),
        ("to_two", "two", ""),
    ]
    assert entry_of(report, "Which").steps == ["work"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Seconds": 5}, {"seconds": 5}),
        ({"SecondsPath": "$.delay"}, {"seconds": "=context.delay"}),
        ({"Timestamp": "2030-01-01T00:00:00Z"}, {"until": "2030-01-01T00:00:00Z"}),
        ({"TimestampPath": "$.at"}, {"until": "=context.at"}),
        ({"Seconds": "${Delay}"}, {"seconds": 60}),
        ({"Seconds": "{% $states.input.delay %}", "QueryLanguage": "JSONata"}, {"seconds": "=input.delay"}),
    ],
)
def test_waits(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    wait = step_of(draft_of(chain(Pause={"Type": "Wait", **fields})), "pause")
    assert {key: wait[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"Result": {"a": 1}, "ResultPath": "$.x"}, {"x": {"a": 1}}),
        ({"Result": [1]}, {"data": [1]}),
        (
            {"Parameters": {"a.$": "$.b", "c": {"d.$": "$$.Execution.Input.e"}}},
            {"data": {"a": "=input.b", "c": {"d": "=input.e"}}},
        ),
        ({"InputPath": "$.b"}, {"data": "=input.b"}),
        ({"InputPath": None}, {"data": {}}),
        (
            {"Output": {"a": "{% $states.input.b & 'c' %}"}, "QueryLanguage": "JSONata"},
            {"data": {"a": '=string(input.b) + "c"'}},
        ),
        ({"Assign": {"n.$": "$.b"}}, {"n": "=input.b"}),
        ({}, {}),
    ],
)
def test_a_pass_sets_values(fields: dict[str, Any], values: dict[str, Any]) -> None:
    assert step_of(draft_of(chain(Make={"Type": "Pass", **fields})), "make")["values"] == values


def test_branches_are_groups_whose_data_is_joined() -> None:
    branches = [chain(A=task()), chain(B=task(ResultPath=None))]
    draft = draft_of(
        chain(Both={"Type": "Parallel", "Branches": branches, "ResultPath": "$.both"}, End=task())
    )
    assert edges_of(draft) == [
        ("both_branches", "both_branch_1", ""),
        ("both_branches", "both_branch_2", ""),
        ("both_branch_1", "both", ""),
        ("both_branch_2", "both", ""),
        ("both", "end", ""),
    ]
    assert step_of(draft, "both_branch_1")["input"] == {"data": "=context"}
    assert step_of(draft, "both")["values"] == {
        "both": "=[context.both_branch_1.data, context.both_branch_2.data]"
    }
    begins = step_of(draft, "both_branch_2")["body"]["steps"][0]
    assert begins["values"] == {"data": "=context.data"}, "a branch that leaves nothing leaves what it got"


def test_branches_that_are_caught_as_a_whole_are_in_one_group() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Broken"}]
    branches = [chain(A=task()), chain(B=task())]
    draft = draft_of(
        chain(
            Both={"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True},
            Broken={"Type": "Fail", "Error": "Broken"},
        )
    )
    assert edges_of(draft) == [("both_group", "broken", "failed *")]
    assert len(step_of(draft, "both_group")["body"]["steps"]) == 4


def test_a_map_has_a_body_that_begins_with_its_item() -> None:
    each = {
        "Type": "Map",
        "ItemsPath": "$.orders",
        "ItemSelector": {"order.$": "$$.Map.Item.Value", "place.$": "$$.Map.Item.Index", "shop.$": "$.shop"},
        "MaxConcurrency": 3,
        "ToleratedFailurePercentage": 10,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            **chain(Work=task()),
        },
        "ResultPath": "$.results",
    }
    draft = draft_of(chain(Each=each))
    step = step_of(draft, "each")
    assert (step["items"], step["max_concurrency"], step["tolerate"]) == ("context.orders", 3, "10 %")
    assert step["body"]["steps"][0]["values"] == {
        "data": {"order": "=context.item", "place": "=context.index", "shop": "=context.shop"}
    }
    assert step_of(draft, "each_result")["values"] == {
        "results": "=context.each_result.map(each, has(each.data) ? each.data : each)"
    }


def test_a_distributed_map_reads_its_items_by_a_worker_and_takes_batches() -> None:
    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV"},
            "Parameters": {"Bucket": "b", "Key.$": "$.key"},
        },
        "ItemBatcher": {"MaxItemsPerBatch": 50, "BatchInput": {"shop.$": "$.shop"}},
        "ItemProcessor": chain(Work=task()),
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}},
        "ResultPath": "$.results",
        "Label": "each",
    }
    draft, report = imported(chain(Each=each))
    assert step_of(draft, "each_items")["worker"] == "s3_get_object"
    assert step_of(draft, "each_items")["params"]["ReaderConfig"] == {"InputType": "CSV"}
    assert step_of(draft, "each")["items"] == "context.each_items.items"
    assert step_of(draft, "each")["batch_size"] == 50
    assert step_of(draft, "each")["body"]["steps"][0]["values"] == {
        "data": {"Items": "=context.batch", "BatchInput": {"shop": "=context.shop"}}
    }
    assert step_of(draft, "each_written")["worker"] == "s3_put_object"
    assert entry_of(report, "Each").status == "approximated"


def test_what_is_selected_of_a_batch_may_be_a_list_of_each_item() -> None:
    each = {
        "Type": "Map",
        "ItemsPath": "$.orders",
        "ItemSelector": {"skus.$": "$$.Map.Item.Value.lines[*].sku"},
        "ItemBatcher": {"MaxItemsPerBatch": 50},
        "ItemProcessor": chain(Work=task()),
    }
    draft, _ = imported(chain(Each=each))
    [data] = [step["values"]["data"] for step in step_of(draft, "each")["body"]["steps"][:1]]
    assert data == {"Items": '=context.batch.map(item, {"skus": item.lines.map(each, each.sku)})'}


def test_what_no_expression_says_is_left_to_a_worker_and_told() -> None:
    draft, report = imported(
        chain(Make={"Type": "Pass", "Parameters": {"all.$": "$..price"}, "ResultPath": "$.x"})
    )
    assert step_of(draft, "make_value")["params"] == {"expression": "$..price", "data": "=context"}
    assert step_of(draft, "make")["values"] == {"x": {"all": "=context.make_value.value"}}
    assert entry_of(report, "Make").status == "approximated"
    assert report.workers == {"evaluate_jsonpath": ["make_value"]}


def test_unknown_fields_and_types_are_told() -> None:
    machine = chain(Work=task(Colour="red"), Odd={"Type": "Dream", "Next": "Last"}, Last=task())
    _, report = imported(machine)
    assert entry_of(report, "Work").differs == ["Colour has no meaning in a Task and is left out"]
    assert entry_of(report, "Odd").status == "not_possible"
    assert not report.is_complete
    assert "no way" not in report.as_text()


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ([], "a state machine is an object"),
        ({"StartAt": "A"}, "States: the states by name is an object"),
        ({"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}, "StartAt: 'B' is not the name of a state"),
        (chain(A={"Type": "Pass", "Next": "Nowhere"}), "States.A.Next: 'Nowhere' is not the name of a state"),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "States.A: the state has neither Next nor End"),
        ({"StartAt": "A", "States": {"A": {"Next": "A"}}}, "States.A.Type: the state needs a Type"),
        (chain(A={"Type": "Parallel"}), "States.A.Branches: a Parallel needs a list of branches"),
        (chain(A={"Type": "Map"}), "States.A.ItemProcessor: a Map needs what it does with each item"),
        (chain(A=task(Retry=5)), "States.A.Retry: a list of objects is needed"),
    ],
)
def test_what_is_no_machine_is_refused_with_its_place(machine: Any, words: str) -> None:
    with pytest.raises(FormatError, match=words.replace("(", r"\(")):
        machine_of(machine)


def test_placeholders_may_stand_where_numbers_belong() -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${Delay}, "End": true}}}'
    brought = read_workflow("wait.asl.json", text)
    assert brought.document["name"] == "wait"
    assert brought.report is not None and brought.report.entries[0].status == "approximated"
    with pytest.raises(FormatError, match="line 1"):
        read_workflow("wait.asl.json", '{"StartAt": }')
    with pytest.raises(FormatError, match="a state machine is an object"):
        read_workflow("wait.asl.json", "[]")
