"""Random state machines: any type, any field, ways that lead anywhere, parts within parts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = ("First", "Book hotel", "cancel-hotel", "Ship", "Ask again?", "Übrig", "loop", "7")
KEYS = ("a", "b", "a b", "for")
ERRORS = ("States.ALL", "States.TaskFailed", "States.Timeout", "Card.Declined", "My Error", "States.Runtime")
RESOURCES = (
    "${WorkFunctionArn}",
    "arn:aws:lambda:us-east-1:123456789012:function:Charge",
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "arn:aws:states:::dynamodb:putItem",
    "arn:aws:states:::http:invoke",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::batch:submitJob.sync",
    "nonsense",
)


def words(length_max: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=length_max)


keys = st.sampled_from(KEYS)
paths = st.one_of(
    st.just("$"),
    keys.map(lambda key: f"$['{key}']"),
    st.tuples(keys, keys).map(lambda pair: f"$['{pair[0]}']['{pair[1]}']"),
    st.sampled_from(
        ["$.a[0]", "$.a[*].b", "$..a", "$$.Execution.Id", "$$.Execution.Input.a", "$.a[?(@.b == 1)]"]
    ),
    st.sampled_from(
        ["States.Format('{}', $.a)", "States.UUID()", "States.MathRandom(1, 2)", "States.Array($.a, 1)"]
    ),
)
reference_paths = st.one_of(st.none(), st.just("$"), keys.map(lambda key: f"$['{key}']"), st.just("$.a.b"))
jsonata = st.sampled_from(
    ["{% $states.input.a %}", "{% $states.input.a & 'x' %}", "{% $map($states.input, 1) %}", "plain", 5, None]
)
templates = st.recursive(
    st.one_of(st.integers(0, 9), words(3), st.booleans(), st.none()),
    lambda inner: st.dictionaries(keys, inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=4,
)
payloads = st.dictionaries(st.one_of(keys, keys.map(lambda key: f"{key}.$")), st.none(), max_size=3).flatmap(
    lambda shape: st.fixed_dictionaries({key: paths if key.endswith(".$") else templates for key in shape})
)
retries = st.lists(
    st.fixed_dictionaries(
        {"ErrorEquals": st.lists(st.sampled_from(ERRORS), min_size=1, max_size=2)},
        optional={
            "MaxAttempts": st.integers(0, 9),
            "IntervalSeconds": st.integers(1, 99),
            "BackoffRate": st.sampled_from([1, 1.5, 2.0, "${Rate}"]),
            "MaxDelaySeconds": st.integers(1, 99),
            "JitterStrategy": st.sampled_from(["FULL", "NONE"]),
        },
    ),
    max_size=2,
)


def catches(names: list[str]) -> st.SearchStrategy[Any]:
    rule = st.fixed_dictionaries(
        {
            "ErrorEquals": st.lists(st.sampled_from(ERRORS), min_size=1, max_size=2),
            "Next": st.sampled_from(names),
        },
        optional={"ResultPath": reference_paths},
    )
    return st.lists(rule, max_size=2)


comparisons = st.one_of(
    st.fixed_dictionaries({"Variable": paths, "StringEquals": words(3)}),
    st.fixed_dictionaries({"Variable": paths, "NumericLessThan": st.integers()}),
    st.fixed_dictionaries({"Variable": paths, "IsPresent": st.booleans()}),
    st.fixed_dictionaries({"Variable": paths, "StringMatches": st.sampled_from(["*", "a*.txt", "\\*"])}),
    st.fixed_dictionaries({"Variable": paths, "StringSoundsLike": st.just("x")}),
)
rules = st.recursive(
    comparisons,
    lambda inner: (
        st.fixed_dictionaries({"And": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"Not": inner})
    ),
    max_leaves=3,
)


def states(names: list[str], depth: int) -> st.SearchStrategy[Any]:
    kinds = [_task(names), _pass(names), _choice(names), _wait(names), _ends(), _odd(names)]
    if depth > 0:
        kinds += [_parallel(names, depth), _map(names, depth)]
    return st.one_of(kinds)


def _goes_on(names: list[str]) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(names).map(lambda name: {"Next": name}), st.just({"End": True}))


def _state(kind: str, names: list[str], optional: dict[str, Any], **fields: Any) -> st.SearchStrategy[Any]:
    common = {
        "Comment": words(5),
        "InputPath": paths | st.none(),
        "OutputPath": paths,
        "Colour": st.just(1),
    }
    made = st.fixed_dictionaries({"Type": st.just(kind), **fields}, optional={**common, **optional})
    return st.tuples(made, _goes_on(names)).map(lambda pair: pair[0] | pair[1])


def _results(names: list[str]) -> dict[str, Any]:
    return {
        "ResultPath": reference_paths,
        "ResultSelector": payloads,
        "Retry": retries,
        "Catch": catches(names),
    }


def _task(names: list[str]) -> st.SearchStrategy[Any]:
    optional = {
        "Parameters": payloads | payloads.map(lambda given: {"FunctionName": "${Charge}", "Payload": given}),
        "TimeoutSeconds": st.integers(1, 99) | st.just("${Timeout}"),
        "HeartbeatSeconds": st.integers(1, 99),
        **_results(names),
    }
    plain = _state("Task", names, optional, Resource=st.sampled_from(RESOURCES))
    other = {
        "Arguments": st.dictionaries(keys, jsonata, max_size=2),
        "Output": jsonata,
        "Assign": st.just({"n": 1}),
    }
    written = _state(
        "Task", names, other, Resource=st.sampled_from(RESOURCES), QueryLanguage=st.just("JSONata")
    )
    return plain | written.map(
        lambda state: {k: v for k, v in state.items() if k not in ("InputPath", "OutputPath")}
    )


def _pass(names: list[str]) -> st.SearchStrategy[Any]:
    optional = {
        "Result": templates,
        "ResultPath": reference_paths,
        "Parameters": payloads,
        "Assign": payloads,
    }
    return _state("Pass", names, optional)


def _choice(names: list[str]) -> st.SearchStrategy[Any]:
    rule = st.tuples(rules, st.sampled_from(names)).map(lambda pair: {**pair[0], "Next": pair[1]})
    return st.fixed_dictionaries(
        {"Type": st.just("Choice"), "Choices": st.lists(rule, min_size=1, max_size=3)},
        optional={"Default": st.sampled_from(names), "InputPath": paths, "OutputPath": paths},
    )


def _wait(names: list[str]) -> st.SearchStrategy[Any]:
    ways = [
        {"Seconds": 1},
        {"SecondsPath": "$.a"},
        {"Timestamp": "2030-01-01T00:00:00Z"},
        {"TimestampPath": "$.a"},
    ]
    return st.tuples(_state("Wait", names, {}), st.sampled_from(ways)).map(lambda pair: pair[0] | pair[1])


def _ends() -> st.SearchStrategy[Any]:
    fail = {"Error": words(9), "CausePath": st.just("$.a"), "Comment": words(3)}
    return st.one_of(
        st.fixed_dictionaries({"Type": st.just("Succeed")}, optional={"OutputPath": paths}),
        st.fixed_dictionaries({"Type": st.just("Fail")}, optional=fail),
    )


def _odd(names: list[str]) -> st.SearchStrategy[Any]:
    return _state("Dream", names, {})


def _parallel(names: list[str], depth: int) -> st.SearchStrategy[Any]:
    branches = st.lists(machines(depth - 1), min_size=1, max_size=2)
    return _state("Parallel", names, {**_results(names), "Parameters": payloads}, Branches=branches)


def _map(names: list[str], depth: int) -> st.SearchStrategy[Any]:
    optional = {
        "ItemsPath": paths,
        "ItemSelector": payloads,
        "MaxConcurrency": st.integers(0, 9),
        "ToleratedFailurePercentage": st.integers(0, 100),
        "ItemBatcher": st.sampled_from([{"MaxItemsPerBatch": 5}, {"MaxInputBytesPerBatch": 5}]),
        "ItemReader": st.just({"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Key.$": "$.a"}}),
        **_results(names),
    }
    return _state("Map", names, optional, ItemProcessor=machines(depth - 1))


def machines(depth: int = 2) -> st.SearchStrategy[Any]:
    def of(names: list[str]) -> st.SearchStrategy[Any]:
        return st.fixed_dictionaries(
            {
                "StartAt": st.sampled_from(names),
                "States": st.fixed_dictionaries({n: states(names, depth) for n in names}),
            }
        )

    most = 5 if depth == 2 else 3
    return st.lists(st.sampled_from(NAMES), min_size=1, max_size=most, unique=True).flatmap(of)
