"""Pass, Choice, Wait, Succeed and Fail → set, conditional edges, wait, the end, fail. PURE."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from designer.expressions.scanner import LENGTH_MAX
from designer.formats.asl.expressions.cel import Cel, Value, as_cel, call, literal, operation, written
from designer.formats.asl.expressions.choices import condition, leftover
from designer.formats.asl.expressions.paths import reference_keys
from designer.formats.asl.expressions.scope import Untranslatable
from designer.formats.asl.expressions.templates import dynamic, jsonata, template
from designer.formats.asl.states.data import DATA
from designer.formats.asl.states.errors import code_of
from designer.formats.asl.states.pieces import Transition
from designer.formats.asl.states.writer import Writer, edge
from workers.sdk.limits import SECONDS_MAX


def write_pass(writer: Writer) -> None:
    fields = writer.fields
    if writer.state.is_jsonata:
        writer.leave(writer.data)
    elif any(key in fields for key in ("Parameters", "Result", "InputPath")):
        value = writer.input()
        if "Result" in fields:
            value = fields["Result"]
        elif "Parameters" in fields:
            value = template(fields["Parameters"], writer.scope.on(value))
        writer.finish(None, None, value)
    else:
        writer.leave(writer.data)
    if writer.last is None:
        writer.set({}, None)
    writer.go_on()


def write_choice(writer: Writer) -> None:
    found = writer.input()
    left = found
    if not writer.state.is_jsonata and "OutputPath" in writer.fields:
        left = dynamic(writer.fields["OutputPath"], writer.scope.on(found))
    rules = writer.fields.get("Choices", [])
    conditions = [_condition(writer, rule, found) for rule in rules]
    is_alone = not writer.piece.steps
    source = str(writer.set({}, None)["name"])
    ways: list[tuple[str, dict[str, Any], Mapping[str, Any]]] = [
        (rule["Next"], {"when": when}, rule) for rule, when in zip(rules, conditions, strict=True)
    ]
    if (default := writer.fields.get("Default")) is not None:
        ways.append((default, {"otherwise": True} if ways else {}, writer.fields))
    for target, rules_of_edge, rule in ways:
        values = writer.values_of_rule(rule)
        if left != writer.data:
            values.setdefault(DATA, left)
        if values:
            is_alone = False
            name = writer.aside(values, "chosen")
            writer.piece.edges.append(edge(source, name, **rules_of_edge))
            writer.piece.transitions.append(Transition(name, target))
        else:
            writer.lead(target, **rules_of_edge)
    writer.piece.is_choice = is_alone


def _condition(writer: Writer, rule: Mapping[str, Any], found: Value) -> str:
    for words in leftover(rule):
        writer.entry.say(words)
    try:
        when = condition(rule, writer.scope.on(found))
        if len(when.source) <= LENGTH_MAX:
            return when.source
        why = "it is too long for one expression"
    except Untranslatable as error:
        why = str(error)
    writer.entry.say(f"a rule is left to the worker evaluate_rule, which you write: {why}")
    words = json.dumps({key: value for key, value in rule.items() if key != "Next"})
    return f"{writer.evaluate_elsewhere('evaluate_rule', words, str(as_cel(found)))} == true"


def write_wait(writer: Writer) -> None:
    fields, scope = writer.fields, writer.scope.on(writer.input())
    if "SecondsPath" in fields:
        step: dict[str, Any] = {"seconds": written(as_cel(dynamic(fields["SecondsPath"], scope)))}
    elif "TimestampPath" in fields:
        step = {"until": written(as_cel(dynamic(fields["TimestampPath"], scope)))}
    elif "Timestamp" in fields:
        step = {"until": _moment(writer, jsonata(fields["Timestamp"], scope))}
    else:
        step = {"seconds": _seconds(writer, jsonata(fields.get("Seconds"), scope))}
    writer.add({"kind": "wait", **step})
    writer.leave(scope.data if "InputPath" in fields else writer.data)
    writer.go_on()


def _seconds(writer: Writer, value: Value) -> Any:
    if isinstance(value, Cel):
        return written(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        if value > SECONDS_MAX:
            writer.entry.say(f"a wait takes {SECONDS_MAX} seconds at most")
        return min(value, SECONDS_MAX)
    writer.entry.say(f"Seconds is {value!r}, which is no number: 60 is taken until you write one")
    return 60


def _moment(writer: Writer, value: Value) -> Any:
    if isinstance(value, Cel):
        return written(value)
    try:
        if datetime.fromisoformat(str(value)).tzinfo is not None:
            return value
    except ValueError:
        pass
    writer.entry.say(f"Timestamp is {str(value)[:60]!r}, which is no time with a zone: write it in the wait")
    return "2030-01-01T00:00:00Z"


def write_succeed(writer: Writer) -> None:
    writer.leave(writer.input())
    if writer.last is None:
        writer.set({}, None)


def write_fail(writer: Writer) -> None:
    code, message = (_fail_value(writer, key) for key in ("Error", "Cause"))
    if isinstance(code, Cel):
        message = operation(
            f"string({code})" if message is None else f'string({code}) + ": " + string({as_cel(message)})'
        )
        writer.entry.say("an error's code is fixed here: what is computed stands in the message")
    step: dict[str, Any] = {"kind": "fail", "code": code_of(code) if isinstance(code, str) else "failed"}
    if isinstance(code, str) and step["code"] != code:
        writer.entry.say(f"the code {code[:60]!r} is written {step['code']}")
    if message is not None:
        step["message"] = written(message)
    writer.add(step)


def _fail_value(writer: Writer, key: str) -> Value:
    fields = writer.fields
    if f"{key}Path" in fields:
        keys = reference_keys(fields[f"{key}Path"])
        if keys and not any("." in part for part in keys):  # what is missing must not hide the failure
            return call("get", writer.data, literal(".".join(keys)), literal(""))
        return as_cel(dynamic(fields[f"{key}Path"], writer.scope))
    return jsonata(fields.get(key), writer.scope) if writer.state.is_jsonata else fields.get(key)
