"""The typed client, held against the API's description and used against the API itself."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from config.accounts import tokens
from config.accounts.permissions import Role
from config.api.api import api
from designer.services.workflows import import_document, sync_patterns
from tests.people import person
from workers.client import ApiError, AsyncClient, Client, calls, workflow_calls
from workers.client.call import Call

PAGES_ALONE = re.compile(  # what pages of the product ask for, and nobody else
    r"/(view|timeline|replay|values/.*|facts|items|export|scope|context|preview|read|write|catalog)$"
    r"|^/figures/|/figures$|/draft/(steps/[^/]+/)?runs$|^/health/|^/metrics$"
)
MODULES = (calls.__name__, workflow_calls.__name__)
FUNCTIONS = {
    name: function
    for name, function in vars(calls).items()
    if inspect.isfunction(function) and function.__module__ in MODULES and not name.startswith("_")
}
DOCUMENT: dict[str, Any] = api.get_openapi_schema()
OPERATIONS = {
    (method.upper(), path.removeprefix("/api/v1")): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
VALUES = {"str": "a b", "int": 7, "float": 1.5}


def example(function: Callable[..., Call[Any]]) -> Call[Any]:
    """The call with a value for every parameter."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        kind = str(parameter.annotation).partition(" ")[0]
        given[name] = VALUES.get(kind, {"a": 1} if kind.startswith("Mapping") else "a b")
    return function(**given)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_call_is_one_of_the_api(name: str) -> None:
    call = example(FUNCTIONS[name])
    operation = OPERATIONS[call.method, call.template]
    stated = {(it["name"], it["in"]) for it in operation.get("parameters", [])}
    assert {(word, "query") for word in call.query} <= stated
    assert {(word, "header") for word in call.headers} <= stated
    assert (call.body is not None) == ("requestBody" in operation)
    assert call.path.count("/") == call.template.count("/") and " " not in call.path


def test_each_operation_of_the_api_has_its_call() -> None:
    called = {(call.method, call.template) for call in map(example, FUNCTIONS.values())}
    missing = {key for key in OPERATIONS if not PAGES_ALONE.search(key[1])} - called
    assert not missing


def test_it_needs_no_django() -> None:
    code = "import sys, workers.client; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.fixture
def token(transactional_db: None) -> str:
    step = {"name": "ask", "kind": "approval", "message": "May it go on?"}
    import_document({"schema": 1, "name": "ask_first", "steps": [step], "edges": []}, publish=True)
    return tokens.make(person("ada", "admin"), "robot", Role.ADMIN)[1]


@pytest.fixture
def board(token: str) -> Iterator[Client]:
    with Client("http://localhost", token, transport=httpx2.WSGITransport(get_wsgi_application())) as board:
        yield board


def test_a_run_is_started_approved_and_waited_for(board: Client) -> None:
    start = calls.start_run("ask_first", {"a": 1}, labels={"by": "test"}, idempotency_key="k")
    run = board.send(start)
    assert run["workflow"] == "ask_first" and board.send(start)["id"] == run["id"]
    assert [it["id"] for it in board.send(calls.list_runs(label="by=test"))["runs"]] == [run["id"]]
    with pytest.raises(TimeoutError, match="waiting"):
        board.wait_for(run["id"], seconds=0)
    board.send(calls.approve(run["id"], "ask", "All right"))
    assert board.wait_for(run["id"], seconds=10)["status"] == "completed"
    events = list(board.events(run["id"]))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "run.completed"


def test_a_refusal_says_what_is_wrong(board: Client) -> None:
    with pytest.raises(ApiError, match="404") as caught:
        board.send(calls.get_workflow("no such/../thing"))
    assert caught.value.status == 404 and caught.value.problem["title"]
    document = {"schema": 1, "name": "x", "steps": [{"name": "a", "worker": "nobody"}], "edges": []}
    assert board.send(calls.validate(document))["problems"][0]["code"] == "unknown_worker"
    revision = board.send(calls.save_draft("x", document, 0))["revision"]
    with pytest.raises(ApiError, match="nobody"):
        board.send(calls.publish("x", revision))


async def test_the_same_with_await(token: str) -> None:
    app: Any = get_asgi_application()
    transport = httpx2.ASGITransport(app)
    async with AsyncClient("http://localhost", token, transport=transport) as board:
        run = await board.send(calls.start_run("ask_first", {}))
        await board.send(calls.cancel(run["id"]))
        assert (await board.wait_for(run["id"], seconds=10))["status"] == "cancelled"
        events = [event["type"] async for event in board.events(run["id"])]
        assert events[0] == "run.created" and events[-1] == "run.cancelled"


def test_the_example_of_the_docs(token: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (settings.BASE_DIR / "docs/client.md").read_text(), re.DOTALL)
    sync_patterns()
    transport = httpx2.WSGITransport(get_wsgi_application())
    monkeypatch.setattr("workers.client.Client", partial(Client, transport=transport))
    exec(code, {"token": token})
    lines = capsys.readouterr().out.splitlines()
    assert "1 run.created " in lines and any("order_items" in line for line in lines)
