"""`ask_model` against a real server that streams chat completions as OpenAI's API does."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tests.http_api import HttpApi, http_api
from workers.connections import service
from workers.connections.service import ConnectionSpec
from workers.library.llm.stream import Completion
from workers.library.llm.workers import ask_model
from workers.library.patterns.conditional import process_with_llm
from workers.sdk.outcome import Outcome
from workers.testing import Notes, outcome_of

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


@pytest.fixture
def api(settings: Any, transactional_db: None) -> Iterator[HttpApi]:
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    with http_api() as api:
        service.put_secret("key", "the-model-key")
        service.put("llm", ConnectionSpec("http", f"{api.url}/v1", "bearer", secret="key"))
        yield api


def asked(prompt: str, notes: Notes | None = None, **params: Any) -> Outcome:
    params = {"connection": "llm", "model": "any", "prompt": prompt, **params}
    return outcome_of(ask_model, params=params, notes=notes)


def test_an_answer_is_streamed_counted_and_priced(api: HttpApi) -> None:
    notes, prompt = Notes(), "Tell me all about sagas " * 10
    output = asked(prompt, notes, system="Be brief.", price_in=1, price_out=2, temperature=0).output
    assert output["text"] == f"You said: {prompt} – grüße"
    assert output["tokens"] == {"in": 12, "out": 34} and output["cost"] == 0.00008
    assert output["model"] == "stub-1" and output["finish_reason"] == "stop" and output["seconds"] > 0
    assert len(notes.progress) > 2 and notes.progress[-1][1] in output["text"]
    sent = api.requests[-1]
    assert sent.headers["authorization"] == "Bearer the-model-key"
    assert [message["role"] for message in sent.json["messages"]] == ["system", "user"]


def test_an_answer_keeps_to_a_schema(api: HttpApi) -> None:
    assert asked("good", output_schema=SCHEMA).output["json"] == {"a": 1}
    wrong = asked("good", output_schema={"type": "object", "required": ["b"]})
    assert wrong.failure and wrong.failure.code == "bad_response" and wrong.retryable
    assert asked("bad", output_schema=SCHEMA).retryable


@pytest.mark.parametrize(
    ("prompt", "params", "code", "retryable", "delay"),
    [
        ("busy", {}, "http_429", True, 7),
        ("cut", {}, "broken", True, None),
        ("hi", {"connection": "nobody"}, "unknown_connection", False, None),
        ("hi", {"output_schema": {"type": 3}}, "bad_params", False, None),
        ("hi", {"timeout": 1e-9}, "timeout", True, None),
    ],
)
def test_failures_have_codes(
    api: HttpApi, prompt: str, params: dict[str, Any], code: str, retryable: bool, delay: float | None
) -> None:
    outcome = asked(prompt, **params)
    assert outcome.failure and outcome.failure.code == code
    assert outcome.retryable is retryable and outcome.delay == delay


def test_the_pattern_asks_a_model_where_a_connection_leads_to_one(api: HttpApi) -> None:
    context = {"original_data": "One. Two. Three is a longer sentence about sagas.", "analysis": {}}
    output = outcome_of(process_with_llm, context).output
    assert output["asked_model"] == "stub-1"
    assert output["processed_result"]["llm_insights"].startswith("You said: Sum this up")
    service.remove("llm")
    notes = Notes()
    output = outcome_of(process_with_llm, context, notes=notes).output
    assert output["asked_model"] is None and "word counts stand in" in notes.lines[0]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (b"data: {not json\n", "not JSON"),
        (b'data: {"error": {"message": "overloaded"}}\n', "overloaded"),
        (b'data: {"error": "overloaded"}\n', "overloaded"),
        (b'data: [1]\ndata: {"choices": 3}\ndata: {"choices": [null]}\n: comment\nevent: x\n', ""),
    ],
)
def test_parts_that_are_no_chunks(lines: bytes, error: str) -> None:
    completion = Completion()
    completion.feed(lines)
    assert error in completion.error and bool(error) == bool(completion.error)
