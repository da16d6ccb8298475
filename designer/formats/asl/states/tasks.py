"""Task → a worker call; a call and a wait for a signal; or another workflow. PURE."""

from __future__ import annotations

from typing import Any

from designer.formats.asl.expressions.cel import Cel, Value, as_cel, call, literal, object_of, written
from designer.formats.asl.names import with_tail
from designer.formats.asl.states.data import DATA
from designer.formats.asl.states.errors import retry_policies
from designer.formats.asl.states.resources import Resource, resource_of
from designer.formats.asl.states.wrapping import wrap_in_group, write_catches
from designer.formats.asl.states.writer import Writer
from workers.sdk.limits import SECONDS_MAX


def write_task(writer: Writer) -> None:
    resource = resource_of(
        writer.fields.get("Resource"),
        writer.fields.get("Arguments" if writer.state.is_jsonata else "Parameters"),
        writer.state.name,
    )
    for words in resource.notes:
        writer.entry.say(words)
    needs_group = resource.waits_for_token and ("Retry" in writer.fields or "Catch" in writer.fields)
    params = _params(writer, resource)
    step = writer.add(_call(writer, resource, params))
    writer.level.drafting.calls[writer.state.path] = step
    if not needs_group:
        _guard(writer, step)
    guarded = step["name"]
    raw = Cel(f"context.{with_tail(writer.main, '_result')}")
    if resource.waits_for_token:
        raw = _wait_for_token(writer, step, resource)
        step = writer.piece.steps[-1]
    writer.finish(step, raw, _result(writer, resource, raw))
    if needs_group:
        guarded = wrap_in_group(writer)
    writer.go_on()
    write_catches(writer, guarded)


def _params(writer: Writer, resource: Resource) -> dict[str, Any]:
    """What the worker gets beside the context. The whole data is in the context already."""
    found = writer.input()
    if resource.params is None:
        value: Value = {DATA: found}
    else:
        value = writer.value(resource.params, writer.scope.on(found))
        value = value if isinstance(value, dict) else {DATA: value}
    given = as_cel(value[DATA]) if DATA in value else None
    is_in_context = given == Cel(f"context.{DATA}") or (given == Cel("context") and resource.params is None)
    return {key: written(part) for key, part in value.items() if not (key == DATA and is_in_context)}


def _call(writer: Writer, resource: Resource, params: dict[str, Any]) -> dict[str, Any]:
    if resource.machine in writer.level.drafting.workflows and not resource.waits_for_token:
        step: dict[str, Any] = {"kind": "workflow", "workflow": resource.machine, "input": params}
        if resource.detached:
            step["detached"] = True
        return step
    if resource.machine:
        writer.entry.say(
            f"there is no workflow {resource.machine} yet, so a worker {resource.worker} stands for it: "
            "import that machine first, then this one again"
        )
    step = {"worker": resource.worker, "params": params} if params else {"worker": resource.worker}
    if (timeout := _seconds(writer, "TimeoutSeconds")) and not resource.waits_for_token:
        step["timeout"] = timeout
    return step


def _guard(writer: Writer, step: dict[str, Any]) -> None:
    if rules := writer.fields.get("Retry"):
        step["retry"] = retry_policies(rules, writer.entry.say)


def _seconds(writer: Writer, *keys: str) -> float | None:
    for key in keys:
        value = writer.fields.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return min(value, SECONDS_MAX)
        if value is not None:
            writer.entry.say(f"{key} is no number here and is left out")
    return None


def _wait_for_token(writer: Writer, step: dict[str, Any], resource: Resource) -> Cel:
    """The step that waits until somebody sends the signal, as a callback with the token would."""
    step["output_key"] = with_tail(writer.main, "_result")
    signal = with_tail(writer.main, "_done")
    wait: dict[str, Any] = {"kind": "wait", "signal": signal}
    if timeout := _seconds(writer, "TimeoutSeconds", "HeartbeatSeconds"):
        wait["timeout"] = timeout
    made = writer.add(wait, "done")
    writer.entry.say(
        f"the task token is the run's id: who answers sends the signal {signal} to that run, with the "
        "output; a failure is told by cancelling or by the timeout"
    )
    return Cel(f"context.{with_tail(made['name'], '_result')}")


def _result(writer: Writer, resource: Resource, raw: Cel) -> Value:
    """The output of the worker in the form in which the service wraps it."""
    if resource.waits_for_token:
        return raw
    if resource.shape == "lambda":
        return object_of({"Payload": raw, "StatusCode": literal(200)})
    if resource.shape == "http":
        return object_of(
            {"ResponseBody": raw.key("body"), "StatusCode": raw.key("status"), "Headers": raw.key("headers")}
        )
    if resource.shape == "execution":
        return object_of({"Output": raw, "Status": literal("SUCCEEDED")})
    if resource.shape == "execution_text":
        return object_of({"Output": call("to_json", raw), "Status": literal("SUCCEEDED")})
    return raw
