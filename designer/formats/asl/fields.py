"""The fields that each type of state has, and where each of them goes. PURE.

A field that is not in the table is told in the report as left out, so nothing of a machine is lost without a
word.
"""

from __future__ import annotations

from collections.abc import Mapping

from designer.formats.asl.machine import State
from designer.formats.asl.report import Entry

_EVERY = {
    "Type": "the kind of the step",
    "Comment": "the notes of the step",
    "QueryLanguage": "the way in which expressions are read",
    "InputPath": "what the expressions of the step read",
    "OutputPath": "what the step leaves as data",
    "Assign": "keys of the context",
    "Output": "what the step leaves as data",
}
_GOES_ON = {"Next": "an edge", "End": "no further edge"}
_ERRORS = {"Retry": "the retry policies of the step", "Catch": "error edges"}
_RESULT = {"ResultSelector": "what the step leaves as data", "ResultPath": "where the result is put"}
_SAID = "the report says what becomes of it"

FIELDS: Mapping[str, Mapping[str, str]] = {
    "Task": {
        **_EVERY,
        **_GOES_ON,
        **_ERRORS,
        **_RESULT,
        "Resource": "the worker of the step",
        "Parameters": "the params of the step",
        "Arguments": "the params of the step",
        "TimeoutSeconds": "the timeout of the step",
        "TimeoutSecondsPath": _SAID,
        "HeartbeatSeconds": _SAID,
        "HeartbeatSecondsPath": _SAID,
        "Credentials": _SAID,
    },
    "Pass": {
        **_EVERY,
        **_GOES_ON,
        "Result": "the value that is set",
        "ResultPath": "where the value is put",
        "Parameters": "the value that is set",
    },
    "Choice": {**_EVERY, "Choices": "conditional edges", "Default": "the edge that is taken otherwise"},
    "Wait": {
        **_EVERY,
        **_GOES_ON,
        "Seconds": "seconds of the wait",
        "SecondsPath": "seconds of the wait",
        "Timestamp": "until of the wait",
        "TimestampPath": "until of the wait",
    },
    "Succeed": _EVERY,
    "Fail": {
        **{key: _EVERY[key] for key in ("Type", "Comment", "QueryLanguage", "Assign")},
        "Error": "the code of the failure",
        "ErrorPath": "the code of the failure",
        "Cause": "the message of the failure",
        "CausePath": "the message of the failure",
    },
    "Parallel": {
        **_EVERY,
        **_GOES_ON,
        **_ERRORS,
        **_RESULT,
        "Branches": "a group for each branch",
        "Parameters": "the data of the groups",
        "Arguments": "the data of the groups",
    },
    "Map": {
        **_EVERY,
        **_GOES_ON,
        **_ERRORS,
        **_RESULT,
        "Iterator": "the body of the map",
        "ItemProcessor": "the body of the map",
        "Items": "the items of the map",
        "ItemsPath": "the items of the map",
        "ItemSelector": "the data of each item",
        "Parameters": "the data of each item",
        "ItemBatcher": "batch_size, and the data of each batch",
        "ItemReader": "a step that reads the items",
        "ResultWriter": "a step that writes the results",
        "MaxConcurrency": "max_concurrency",
        "MaxConcurrencyPath": _SAID,
        "ToleratedFailurePercentage": "tolerate",
        "ToleratedFailurePercentagePath": _SAID,
        "ToleratedFailureCount": "tolerate",
        "ToleratedFailureCountPath": _SAID,
        "Label": "left out: it only names map runs",
    },
}
_UNSAYABLE = {
    "TimeoutSecondsPath": "a timeout is a number here, so TimeoutSecondsPath is left out",
    "HeartbeatSeconds": "no heartbeat is watched: the timeout and the worker's process are",
    "HeartbeatSecondsPath": "no heartbeat is watched: the timeout and the worker's process are",
    "Credentials": "Credentials are left out: the worker acts as whom it was set up for",
    "MaxConcurrencyPath": "max_concurrency is a number here, so MaxConcurrencyPath is left out",
    "ToleratedFailurePercentagePath": "tolerate is fixed here, so ToleratedFailurePercentagePath is left out",
    "ToleratedFailureCountPath": "tolerate is fixed here, so ToleratedFailureCountPath is left out",
}


def tell_fields(state: State, entry: Entry) -> None:
    """Writes into the report where each field of the state goes."""
    known = FIELDS.get(state.type, {})
    for key in state.fields:
        if key not in known:
            entry.fields[key] = "left out"
            entry.say(f"{key} has no meaning in a {state.type} and is left out")
            continue
        entry.fields[key] = known[key]
        if key in _UNSAYABLE:
            entry.say(_UNSAYABLE[key])
