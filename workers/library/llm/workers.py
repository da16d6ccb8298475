"""`ask_model`: a chat completion of any API that is compatible with OpenAI's, streamed as progress."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from designer.validation.json_schema import SchemaValidator, check_schema, misfits
from workers import CriticalFailure, StepHandle, TemporaryFailure, worker
from workers.connections.fields import HttpConnection
from workers.connections.http import Call, CallFailed, send
from workers.connections.opening import open_connection_async
from workers.library.http import failures
from workers.library.http.failures import of_call, of_reply
from workers.library.llm.stream import Completion

BYTES_MAX = 10_000_000
TIMEOUT_S_MAX = 3_600
SHOWN_CHARS = 200
PROGRESS_CHARS = 40
TOKENS_PER_PRICE = 1_000_000
TEMPORARY = failures.TEMPORARY | {409}
Price = float | None


class Question(BaseModel):
    """A question to a language model."""

    model_config = ConfigDict(extra="forbid")

    connection: HttpConnection = Field(
        description="The API, as it is named on the page Connections; its address ends with /v1 mostly.",
    )
    model: str = Field(min_length=1, max_length=200, description="The model's name, as the API knows it.")
    prompt: str = Field(min_length=1, description="What is asked.")
    system: str = Field("", description="How the model should behave.")
    output_schema: dict[str, Any] | None = Field(
        None, title="Schema of the answer", description="A JSON Schema that the answer keeps to."
    )
    tokens_max: int | None = Field(
        None, ge=1, le=1_000_000, title="Most tokens", description="Of the answer."
    )
    temperature: float | None = Field(None, ge=0, le=2, description="0: always alike; 2: as it comes.")
    price_in: Price = Field(None, ge=0, title="Price in", description="Of a million tokens that are asked.")
    price_out: Price = Field(None, ge=0, title="Price out", description="Of a million tokens of the answer.")
    timeout: float = Field(120.0, gt=0, le=TIMEOUT_S_MAX, description="Seconds for the whole answer.")


@worker(
    "ask_model",
    category="Language models",
    title="Ask a model",
    compensation="none",
    rehearsal="record",
    stub={"text": "", "json": {}, "model": "rehearsal", "tokens": {"in": 0, "out": 0}},
)
async def ask_model(params: Question, step: StepHandle) -> dict[str, Any]:
    """Asks a language model, and shows its answer while it comes.

    Gives `text`, `json` where a schema is stated, `model`, `finish_reason`, `tokens` (`in`, `out`), `cost`
    where prices are stated, and `seconds`.
    """
    answer, seconds = await asked(params, step)
    output: dict[str, Any] = {
        "text": answer.text,
        "model": answer.model or params.model,
        "finish_reason": answer.finish_reason,
        "tokens": _tokens(answer),
        "seconds": round(seconds, 3),
    }
    if params.output_schema is not None:
        output["json"] = _checked(answer.text, params.output_schema)
    if params.price_in is not None or params.price_out is not None:
        output["cost"] = _cost(output["tokens"], params)
    return output


async def asked(params: Question, step: StepHandle) -> tuple[Completion, float]:
    """The whole answer, and the seconds that it took. Raises the failures that the step fails with."""
    if params.output_schema is not None and (problems := check_schema(params.output_schema, "")):
        raise CriticalFailure(f"output_schema: {problems[0].message}", code="bad_params")
    shown = 0

    def show(text: str) -> None:
        nonlocal shown
        if len(text) >= shown + PROGRESS_CHARS:
            shown = len(text)
            step.progress(0, text[-SHOWN_CHARS:])

    answer, began = Completion(show), perf_counter()
    call = Call(
        "POST",
        "/chat/completions",
        headers={"Accept": "text/event-stream"},
        json=_body(params),
        timeout=params.timeout,
        bytes_max=BYTES_MAX,
        redirects=False,
    )
    try:
        opened = await open_connection_async(params.connection, "http", step)
        reply = await send(call, opened, step.conceal, answer.feed)
    except CallFailed as failed:
        raise of_call(failed, str(failed), changes=False) from failed
    if reply.status != 200:
        words = " ".join(reply.text.split())[:SHOWN_CHARS]
        raise of_reply(reply, f"The model's API answered {reply.status}: {words}", TEMPORARY)
    answer.feed(b"\n")
    if answer.error or not answer.is_done:
        words = answer.error or "the answer ended before its end"
        raise TemporaryFailure(f"The model's answer is broken: {words}", code="broken")
    return answer, perf_counter() - began


def _body(params: Question) -> dict[str, Any]:
    system = [{"role": "system", "content": params.system}] if params.system else []
    body: dict[str, Any] = {
        "model": params.model,
        "messages": [*system, {"role": "user", "content": params.prompt}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if params.tokens_max is not None:
        body["max_completion_tokens"] = params.tokens_max
    if params.temperature is not None:
        body["temperature"] = params.temperature
    if params.output_schema is not None:
        schema = {"name": "answer", "schema": params.output_schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _tokens(answer: Completion) -> dict[str, int | None]:
    counts = {"in": answer.usage.get("prompt_tokens"), "out": answer.usage.get("completion_tokens")}
    return {name: count if isinstance(count, int) else None for name, count in counts.items()}


def _cost(tokens: dict[str, int | None], params: Question) -> float:
    parts = ((tokens["in"], params.price_in), (tokens["out"], params.price_out))
    return round(sum((count or 0) * (price or 0) / TOKENS_PER_PRICE for count, price in parts), 8)


def _checked(text: str, schema: dict[str, Any]) -> Any:
    """The answer as JSON. Raises TemporaryFailure: asked again, a model may keep to the schema."""
    try:
        value = read_json(text)
    except Unreadable as error:
        raise TemporaryFailure(f"The model's answer is not JSON: {error}", code="bad_response") from error
    if wrong := misfits(SchemaValidator(schema), value, "answer", certain_only=False):
        message = f"The model's answer does not fit the schema: {wrong[0].path}: {wrong[0].message}"
        raise TemporaryFailure(message, code="bad_response")
    return value
