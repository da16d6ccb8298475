"""Random changes to real machines: fields dropped, added and swapped, states put into others.

All randomness comes from the given generator, so a seed always gives the same machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from random import Random
from typing import Any

from designer.formats.asl.machine import TYPES
from tests.unit.designer.formats.asl.helpers import samples

Json = dict[str, Any]
CHANGES_MAX = 6
NESTED_MAX = 3
STATE = "any state"  # stands for the name of one
PATHS = (
    "$",
    "$.a.b",
    "$.a[0]",
    "$.a[*].b",
    "$..b",
    "$.a[?(@.x==1)]",
    "$['a b']",
    "$.a[-1]",
    "$.a[0:2]",
    "$.a.length()",
    "$v.x[0]",
    "$$.Execution.Id",
    "$$.Task.Token",
    "$$.Map.Item.Value",
    "States.Format('{}', $.a)",
    "{% $states.input.a %}",
    None,
)
COMPARISONS: Mapping[str, Any] = {
    "StringEquals": "x",
    "StringMatches": "x*y",
    "StringLessThan": "x",
    "NumericLessThan": 3,
    "NumericGreaterThanEqualsPath": "$.z",
    "BooleanEquals": True,
    "TimestampGreaterThan": "2024-01-01T00:00:00Z",
    "TimestampLessThanEqualsPath": "$$.Execution.StartTime",
    **dict.fromkeys(("IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"), True),
}
RESOURCES = (
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::http:invoke",
    "arn:aws:states:us-east-1:1:activity:a",
    "${X}",
)
ERRORS = ("States.ALL", "States.Timeout", "States.TaskFailed", "States.DataLimitExceeded", "My.Error")
FIELDS: Mapping[str, Callable[[Random], Any]] = {
    "Type": lambda rng: rng.choice(TYPES),
    "Next": lambda rng: STATE,
    "End": lambda rng: True,
    "Retry": lambda rng: [
        {
            "ErrorEquals": rng.sample(ERRORS, rng.randint(1, 3)),
            "IntervalSeconds": rng.choice((0, 1, 1.5)),
            "MaxAttempts": rng.choice((0, 3, 99_999_999)),
            "BackoffRate": rng.choice((1, 2.0)),
            "MaxDelaySeconds": rng.choice((5, 31_622_400)),
            "JitterStrategy": rng.choice(("FULL", "NONE")),
        }
    ],
    "Catch": lambda rng: [
        {
            "ErrorEquals": [rng.choice(ERRORS)],
            "ResultPath": rng.choice(("$", "$.error", "$.a.error", None)),
            "Assign": {"e.$": "$.Error"},
            "Next": STATE,
        }
    ],
    "Choices": lambda rng: [{**rule(rng), "Next": STATE} for _ in range(rng.randint(1, 3))],
    "Default": lambda rng: STATE,
    "Assign": lambda rng: rng.choice(({"x.$": "$.a"}, {"v": "{% $states.result %}"}, {"v": {"w": [1]}})),
    "Parameters": lambda rng: {"a.$": rng.choice(PATHS[:-1]), "b": {"c.$": "States.Array($.a, 1)"}},
    "Arguments": lambda rng: {"a": "{% $sum($states.input.items.price) %}"},
    "Output": lambda rng: rng.choice(("{% $states.result.a %}", {"a": "{% $states.input %}"})),
    "ItemReader": lambda rng: {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 10},
        "Parameters": {"Bucket.$": "$.b", "Key": "k"},
    },
    "ItemBatcher": lambda rng: rng.choice(
        ({"MaxItemsPerBatch": 10, "BatchInput": {"x.$": "$.y"}}, {"MaxInputBytesPerBatch": 1_000})
    ),
    "ResultWriter": lambda rng: {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}},
    "ItemSelector": lambda rng: {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"},
    "ToleratedFailurePercentage": lambda rng: rng.choice((0, 33.3, 100)),
    "ToleratedFailureCountPath": lambda rng: "$.count",
    "MaxConcurrencyPath": lambda rng: "$.n",
    "QueryLanguage": lambda rng: rng.choice(("JSONata", "JSONPath")),
    "ResultSelector": lambda rng: {"r.$": "$.Payload", "t.$": "$$.Task.Token"},
    **dict.fromkeys(
        ("InputPath", "OutputPath", "ItemsPath", "ResultPath", "SecondsPath"), lambda rng: rng.choice(PATHS)
    ),
    "Resource": lambda rng: rng.choice(RESOURCES),
    "TimeoutSeconds": lambda rng: rng.choice((0.5, 99_999_999)),
    "ErrorPath": lambda rng: "$.e",
    "Unknown": lambda rng: 1,
}


def mutated(seed: int) -> Json:
    """A real machine after some changes. It may be no machine any more."""
    rng = Random(seed)
    machines = list(samples().values())
    machine: Json = deepcopy(rng.choice(machines))
    for _ in range(rng.randint(1, CHANGES_MAX)):
        states = rng.choice(list(_levels(machine)))
        name = rng.choice(list(states))
        change = rng.random()
        if change < 0.2:
            states[name].pop(rng.choice(list(states[name])), None)
        elif change < 0.7:
            key = rng.choice(list(FIELDS))
            states[name][key] = _named(FIELDS[key](rng), states, rng)
        elif change < 0.85:
            states[name] = _around(rng, rng.choice(machines), states[name])
        else:
            rules = _named([{**rule(rng), "Next": STATE} for _ in range(2)], states, rng)
            states[f"New {rng.randrange(100)}"] = {"Type": "Choice", "Choices": rules, "Default": name}
    return machine


def rule(rng: Random, depth: int = 0) -> Json:
    """A rule of a Choice, nested or not."""
    how = rng.choice(("And", "Or", "Not", *["plain"] * 3)) if depth < NESTED_MAX else "plain"
    if how == "Not":
        return {"Not": rule(rng, depth + 1)}
    if how != "plain":
        return {how: [rule(rng, depth + 1) for _ in range(rng.randint(1, 3))]}
    comparison = rng.choice(list(COMPARISONS))
    return {"Variable": rng.choice(PATHS[:-1]), comparison: COMPARISONS[comparison]}


def _levels(machine: Json) -> Iterator[dict[str, Json]]:
    """The states of the machine and of each part of it, by name."""
    yield machine["States"]
    for state in machine["States"].values():
        for part in (*state.get("Branches", ()), state.get("ItemProcessor"), state.get("Iterator")):
            if part:
                yield from _levels(part)


def _around(rng: Random, other: Json, state: Json) -> Json:
    """A state that does what another machine does, and goes on as the one before."""
    part = deepcopy({"StartAt": other["StartAt"], "States": other["States"]})
    goes_on: Json = {key: state[key] for key in ("Next", "End", "Catch", "Retry") if key in state}
    if rng.random() < 0.5:
        return {"Type": "Parallel", "Branches": [part, deepcopy(part)], **goes_on}
    return {
        "Type": "Map",
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **part},
        **goes_on,
    }


def _named(value: Any, states: Json, rng: Random) -> Any:
    """The value with names of states where it asks for some."""
    if isinstance(value, dict):
        return {key: _named(part, states, rng) for key, part in value.items()}
    if isinstance(value, list):
        return [_named(part, states, rng) for part in value]
    return rng.choice(list(states)) if value == STATE else value
