"""Names of errors, Retry and Catch → patterns, retry policies and error edges. PURE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from workers.sdk.limits import RETRY_BOUNDS

NO_RETRY = {"max_attempts": 1}
TIMEOUT = "timeout"
CODES: Mapping[str, str] = {
    "States.Timeout": TIMEOUT,
    "States.HeartbeatTimeout": TIMEOUT,
    "States.NoChoiceMatched": "no_branch_matched",
    "States.DataLimitExceeded": "bad_output",
    "States.ExceedToleratedFailureThreshold": "items_failed",
    "States.Runtime": "bad_expression",
    "States.ParameterPathFailure": "bad_expression",
    "States.ResultPathMatchFailure": "bad_expression",
    "States.IntrinsicFailure": "bad_expression",
    "States.QueryEvaluationError": "bad_expression",
}
"""Names of errors that the engine raises under its own codes. Others are codes that workers raise."""
EVERY = ("States.ALL", "States.TaskFailed", "States.BranchFailed")
_NOT_IN_CODES = re.compile(r"[^A-Za-z0-9_.*-]+")


def patterns(names: object) -> tuple[list[str] | None, bool]:
    """The patterns of a list of errors, None for all; and whether a timeout is left out."""
    listed = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    if "States.ALL" in listed or not listed:
        return None, False
    if any(name in EVERY for name in listed):
        return None, not any(CODES.get(name) == TIMEOUT for name in listed)
    return list(dict.fromkeys(CODES.get(name, code_of(name)) for name in listed)), False


def code_of(name: str) -> str:
    """The name of an error with the characters that a code may have."""
    return _NOT_IN_CODES.sub("_", name)[:100].lstrip("_.*-") or "failed"


def retry_policies(rules: list[Mapping[str, Any]], say: Callable[[str], None]) -> Any:
    """The policy or the list of policies of a Retry."""
    policies = [policy for rule in rules if (policy := _policy(rule, say))]
    if len(policies) > 1:
        say("each policy counts all attempts of the step, where each retrier counts its own")
    return policies[0] if len(policies) == 1 else policies


def _policy(rule: Mapping[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    attempts = int(_number(rule, "MaxAttempts", 3, say)) + 1
    initial = _number(rule, "IntervalSeconds", 1, say)
    factor = max(1, _number(rule, "BackoffRate", 2, say))
    most = RETRY_BOUNDS["max"][1]
    longest = initial * min(factor ** min(attempts, 60), most)
    policy: dict[str, Any] = {
        "max_attempts": _bounded("max_attempts", attempts, say),
        "initial": _bounded("initial", initial, say),
        "factor": _bounded("factor", factor, say),
        "max": min(_number(rule, "MaxDelaySeconds", longest, say), most),
        "jitter": 1 if rule.get("JitterStrategy") == "FULL" else 0,
    }
    only, but_timeout = patterns(rule.get("ErrorEquals"))
    if only is not None:
        policy["only"] = only
    if but_timeout:
        policy["never"] = [TIMEOUT]
    return policy


def _number(rule: Mapping[str, Any], key: str, otherwise: float, say: Callable[[str], None]) -> float:
    value = rule.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        say(f"{key} of Retry is no number here, so {otherwise:g} is taken")
        return otherwise
    return value


def _bounded(key: str, value: float, say: Callable[[str], None]) -> float:
    least, most = RETRY_BOUNDS[key]
    if least <= value <= most:
        return value
    say(f"{key} of a retry is {least} to {most} here, not {value:g}")
    return min(max(value, least), most)
