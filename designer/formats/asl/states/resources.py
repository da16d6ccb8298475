"""The resource of a Task → the worker that does its work, by a readable name, and what it is given. PURE."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from designer.formats.asl.names import snake, worker_name

_SERVICE = re.compile(
    r"arn:[^:]*:states:[^:]*:[^:]*:(?!activity:)(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<action>\w+)(?P<way>\.[\w.:]+)?"
)
HTTP_WORKER = "http_request"
Shape = Literal["plain", "lambda", "http", "execution", "execution_text"]
"""How the result of a Task looks: as the worker's output, or as the service wraps it."""


@dataclass(frozen=True)
class Resource:
    """`params` is the template of what the worker gets, None if that is the whole input of the state.
    `machine` is the name of the machine that a startExecution starts.
    """

    worker: str
    params: Any
    shape: Shape = "plain"
    waits_for_token: bool = False
    machine: str = ""
    detached: bool = False
    notes: tuple[str, ...] = ()


def resource_of(resource: object, arguments: Any, title: str) -> Resource:
    """What to call for a resource, given the template of its Parameters or Arguments."""
    name = resource if isinstance(resource, str) else ""
    found = _SERVICE.fullmatch(name.removesuffix(":2") if name.endswith(".sync:2") else name)
    given = arguments if isinstance(arguments, Mapping) else {}
    if found is None:
        if _key(given, "FunctionName"):
            return _lambda(given, name.endswith(".waitForTaskToken"), title)
        if not name:
            return Resource(snake(title), arguments, notes=("the state names no resource",))
        token = name.endswith(".waitForTaskToken")
        return Resource(worker_name(name.removesuffix(".waitForTaskToken")), arguments, waits_for_token=token)
    service, action, way = found["service"], found["action"], found["way"] or ""
    token = way == ".waitForTaskToken"
    if service == "lambda" and action == "invoke":
        return _lambda(given, token, title)
    if service == "states" and action == "startExecution":
        return _execution(given, name, token)
    if (service, action) in (("http", "invoke"), ("apigateway", "invoke")) and not token:
        return _http(given, service)
    notes: tuple[str, ...] = ()
    if way.startswith(".sync"):
        notes = (f"the worker starts the job of {service}:{action} and returns when it has ended",)
    return Resource(snake(f"{service}_{action}"), arguments, waits_for_token=token, notes=notes)


def _key(given: Mapping[str, Any], name: str) -> str | None:
    return next((key for key in (name, f"{name}.$") if key in given), None)


def _lambda(given: Mapping[str, Any], token: bool, title: str) -> Resource:
    key = _key(given, "FunctionName") or "FunctionName"
    target = given.get(key)
    others = [name for name in given if name.removesuffix(".$") not in ("FunctionName", "Payload")]
    notes = [f"{name} of lambda:invoke is left out" for name in others]
    payload_key = _key(given, "Payload")
    payload = given[payload_key] if payload_key else {}
    params = {"data.$": payload} if payload_key == "Payload.$" else payload
    if not isinstance(params, Mapping):
        params = {"data": params}
    if not isinstance(target, str) or key.endswith(".$") or target.startswith("{%"):
        notes.append("the function's name is data: one worker invoke_lambda gets it as function_name")
        wanted = {"function_name.$" if key.endswith(".$") else "function_name": target}
        return Resource("invoke_lambda", {**wanted, **params}, "lambda", token, notes=tuple(notes))
    return Resource(worker_name(target) or snake(title), params, "lambda", token, notes=tuple(notes))


def _execution(given: Mapping[str, Any], resource: str, token: bool) -> Resource:
    key = _key(given, "StateMachineArn") or "StateMachineArn"
    target = given.get(key)
    is_known = isinstance(target, str) and key == "StateMachineArn" and not target.startswith("{%")
    machine = worker_name(str(target)) if is_known else ""
    others = [name for name in given if name.removesuffix(".$") not in ("StateMachineArn", "Input")]
    notes = [f"{name} of startExecution is left out: a run has an id of its own" for name in others]
    input_key = _key(given, "Input")
    params = (
        {}
        if input_key is None
        else {"data.$": given[input_key]}
        if input_key.endswith(".$")
        else given[input_key]
    )
    if not isinstance(params, Mapping):
        params = {"data": params}
    if not is_known:
        machine = "state_machine"
        params = {("state_machine.$" if key.endswith(".$") else "state_machine"): target, **params}
        notes.append("which machine is started is data: one worker gets it as state_machine")
    shape: Shape = (
        "execution" if resource.endswith(":2") else "execution_text" if ".sync" in resource else "plain"
    )
    return Resource(
        snake(f"run_{machine}"),
        params,
        shape,
        token,
        machine if is_known else "",
        detached=".sync" not in resource,
        notes=tuple(notes),
    )


_HTTP = {
    "ApiEndpoint": "url",
    "Method": "method",
    "Headers": "headers",
    "QueryParameters": "query",
    "QueryStringParameters": "query",
    "RequestBody": "json",
}


def _http(given: Mapping[str, Any], service: str) -> Resource:
    """The call as the shipped worker `http_request` takes it."""
    params: dict[str, Any] = {}
    notes = []
    for key, value in given.items():
        name, ending = key.removesuffix(".$"), ".$" if key.endswith(".$") else ""
        if name in _HTTP:
            params[_HTTP[name] + ending] = value
        elif name in ("Authentication", "InvocationConfig", "AuthType"):
            notes.append(f"{name} is left out: choose a connection that holds the secret")
        elif service == "apigateway" and name in ("Stage", "Path"):
            notes.append(f"{name} is left out: put it behind the url")
        else:
            notes.append(f"{name} is left out")
    return Resource(HTTP_WORKER, params, "http", notes=tuple(notes))
