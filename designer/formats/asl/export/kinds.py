"""The states of each kind of step. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from designer.expressions.expressions import bare
from designer.formats.asl.export.expressions import marked
from designer.formats.asl.export.writer import Part, State
from workers.sdk.limits import SECONDS_MAX

INVOKE = "arn:aws:states:::lambda:invoke"
WriteBody = Callable[[Part, Mapping[str, Any], Mapping[str, str]], dict[str, Any]]
"""A machine for the body of a step, given the variables that it begins with."""


def write_task(part: Part, _: WriteBody) -> None:
    state = call(part, part.step.get("worker"), part.step.get("params", {}))
    state["Assign"] = part.merging("$states.result.Payload")
    part.add({**state, **_timed(part)})


def call(part: Part, worker: object, params: Mapping[str, Any], more: str = "") -> State:
    """A Task that calls a function of the worker's name with the context and the params."""
    payload = f"$merge([$context, {part.value(dict(params))}{more}])" if params or more else "$context"
    arguments = {"FunctionName": f"${{{worker}}}", "Payload": marked(payload)}
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments}


def _timed(part: Part) -> State:
    seconds = part.step.get("timeout", part.exporting.defaults.get("timeout"))
    return {"TimeoutSeconds": round(seconds) or 1} if seconds and seconds < SECONDS_MAX else {}


def write_set(part: Part, _: WriteBody) -> None:
    part.add({"Type": "Pass", "Assign": part.merging(part.value(part.step.get("values") or {}))})


def write_fail(part: Part, _: WriteBody) -> None:
    state: State = {"Type": "Fail", "Error": part.step.get("code", "failed")}
    if message := part.step.get("message"):
        state["Cause"] = marked(part.value(message))
    part.add(state)


def write_wait(part: Part, _: WriteBody) -> None:
    step = part.step
    if "signal" in step:
        _ask(part, f"signal_{step['signal']}", "whoever sends the signal answers the task token")
    elif "until" in step:
        is_fixed = not str(step["until"]).startswith("=")
        until = step["until"] if is_fixed else marked(part.expression(bare(step["until"])))
        part.add({"Type": "Wait", "Timestamp": until})
    else:
        seconds = step.get("seconds", 0)
        is_fixed = isinstance(seconds, int | float)
        part.add({"Type": "Wait", "Seconds": round(seconds) if is_fixed else marked(part.value(seconds))})


def write_approval(part: Part, _: WriteBody) -> None:
    _ask(part, "ask_for_approval", "a function asks the person, who answers the task token")


def _ask(part: Part, function: str, words: str) -> None:
    part.entry.say(words)
    message = part.value(part.step.get("message", ""))
    payload = f"{{'token': $states.context.Task.Token, 'message': {message}, 'context': $context}}"
    arguments = {"FunctionName": f"${{{function}}}", "Payload": marked(payload)}
    state = {"Type": "Task", "Resource": f"{INVOKE}.waitForTaskToken", "Arguments": arguments}
    part.add({**state, **_timed(part), "Assign": part.merging("$states.result")})


def write_workflow(part: Part, _: WriteBody) -> None:
    step = part.step
    is_awaited = not step.get("detached")
    input = "$context" if step.get("input") is None else part.value(step["input"])
    arguments = {"StateMachineArn": f"${{{step.get('workflow')}}}", "Input": marked(input)}
    resource = "arn:aws:states:::states:startExecution" + (".sync:2" if is_awaited else "")
    result = "$states.result.Output" if is_awaited else "{'run': $states.result.ExecutionArn}"
    part.add({"Type": "Task", "Resource": resource, "Arguments": arguments, "Assign": part.merging(result)})


def write_group(part: Part, body: WriteBody) -> None:
    _in_branch(part, body, {"context": _with_input(part)})


def _with_input(part: Part) -> str:
    input = part.step.get("input")
    return f"$merge([$context, {part.value(input)}])" if input else "$context"


def _in_branch(part: Part, body: WriteBody, begin: Mapping[str, str], **assigned: str) -> None:
    """A Parallel with one branch, which can be retried and caught as a whole."""
    branch = body(part, part.step["body"], begin)
    part.add(
        {
            "Type": "Parallel",
            "Branches": [branch],
            "Assign": {**part.merging("$states.result[0]"), **assigned},
        }
    )


def write_map(part: Part, body: WriteBody) -> None:
    step = part.step
    batch = step.get("batch_size", 1)
    own = "{'item': $states.context.Map.Item.Value, 'index': $states.context.Map.Item.Index}"
    begin = {"context": "$merge([$states.input.outer, $states.input.own])"}
    if batch > 1:
        begin = {"context": "$merge([$states.input.BatchInput.outer, {'batch': $states.input.Items}])"}
    state: State = {
        "Type": "Map",
        "Items": marked(part.expression(bare(step["items"]))),
        "ItemProcessor": body(part, _body_of(step), begin),
        "Assign": part.merging("$states.result" if step.get("output_key") else "{'result': $states.result}"),
    }
    if most := step.get("max_concurrency"):
        state["MaxConcurrency"] = most
    if batch > 1 or step.get("tolerate"):
        state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        part.entry.say(
            "batches and tolerated failures need a distributed map, whose items are runs of their own"
        )
    if batch > 1:
        outer = {"outer": marked("$context")}
        state["ItemBatcher"] = {"MaxItemsPerBatch": batch, "BatchInput": outer}
    else:
        state["ItemSelector"] = {"outer": marked("$context"), "own": marked(own)}
    _tolerate(state, step.get("tolerate"))
    part.add(state)


def _tolerate(state: State, tolerate: Any) -> None:
    if isinstance(tolerate, str):
        state["ToleratedFailurePercentage"] = float(tolerate.rstrip(" %"))
    elif tolerate:
        state["ToleratedFailureCount"] = tolerate


def _body_of(step: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a map or a loop; a worker or a workflow is a body of one step."""
    if "body" in step:
        return dict(step["body"])
    inner = {key: step[key] for key in ("worker", "params", "workflow", "retry", "timeout") if key in step}
    kind = {"kind": "workflow"} if "workflow" in inner else {}
    return {"steps": [{"name": f"{step['name']}_work", **kind, **inner}], "edges": []}


def write_loop(part: Part, body: WriteBody) -> None:
    """A body, and a Choice that leads back to it."""
    step = part.step
    key = f"turn_{step['name']}"
    part.add({"Type": "Pass", "Assign": {key: 0}}, "begins")
    more = {**step, "body": _body_of(step)}
    part.step = {**more, "output_key": step.get("output_key")}
    _in_branch(
        part,
        body,
        {"context": "$context"},
        **{key: marked(f"${key} + 1"), "output": marked("$states.result[0]")},
    )
    turn, part.step = part.last, step
    if step.get("delay"):
        part.add({"Type": "Wait", "Seconds": marked(part.value(step["delay"]))}, "delay")
    if "until" in step:
        ends = part.expression(step["until"])
    else:
        ends = f"$not({part.expression(step.get('while', 'true'))})"
        part.entry.say("while is looked at behind a turn: the first turn is always taken")
    ends = ends.replace("$turn", f"${key}")
    exhausted = part.aside({"Type": "Fail", "Error": "turns_exhausted"}, "turns exhausted")
    choice: State = {
        "Type": "Choice",
        "Choices": [
            {"Condition": marked(ends), "Next": ""},
            {"Condition": marked(f"${key} >= {step['max_turns']}"), "Next": exhausted},
        ],
        "Default": turn,
    }
    part.add(choice, "again")


WRITERS: Mapping[str, Callable[[Part, WriteBody], None]] = {
    "task": write_task,
    "map": write_map,
    "workflow": write_workflow,
    "wait": write_wait,
    "approval": write_approval,
    "set": write_set,
    "fail": write_fail,
    "group": write_group,
    "loop": write_loop,
}
"""By kind."""

FIELDS: Mapping[str, str] = {
    "name": "the name of the state",
    "kind": "the type of the state",
    "title": "the comment of the state",
    "notes": "the comment of the state",
    "when": "a Choice before the state",
    "on_failure": "a Catch, or the failure of the machine",
    "output_key": "the variable context",
    "worker": "the function of the state",
    "params": "the arguments of the state",
    "compensation": "states behind a Catch",
    "fallback": "a state behind a Catch",
    "timeout": "TimeoutSeconds",
    "retry": "Retry",
    "items": "Items",
    "batch_size": "ItemBatcher",
    "max_concurrency": "MaxConcurrency",
    "tolerate": "how many failures are tolerated",
    "workflow": "the machine that is started",
    "input": "the input of what is started",
    "detached": "the way of starting",
    "seconds": "Seconds",
    "until": "Timestamp, or the Choice behind a turn",
    "while": "the Choice behind a turn",
    "signal": "a task token",
    "message": "what is asked, or the cause",
    "values": "Assign",
    "code": "Error",
    "body": "a branch, or an ItemProcessor",
    "max_turns": "a Choice behind a turn",
    "delay": "a Wait behind a turn",
}
"""Where each field of a step goes; others are told as left out."""
