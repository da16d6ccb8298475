"""Workers that are given secrets and leak them in every way that a worker can."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, Secret, SecretStr

from workers import CriticalFailure, StepHandle, worker


class Inner(BaseModel):
    token: SecretStr | None = None


class Access(BaseModel):
    user: str = ""
    password: SecretStr = Field(min_length=3, max_length=40)
    inner: Inner = Inner()


seen: list[Any] = []


@worker("blab", compensation="none")
def blab(params: Access, context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Writes its secret to the log, the progress and the output."""
    plain = params.password.get_secret_value()
    seen.append(plain)
    step.log("logging in with", plain)
    step.progress(0.5, f"half way with {plain}")
    return {"echo": plain, plain: [f"<{plain}>"], "given": context.get("password"), "shown": str(params)}


@worker("cry", compensation="none")
def cry(params: Access) -> None:
    """Fails with its secret in the message, and in that of the cause."""
    plain = params.password.get_secret_value()
    seen.append(plain)
    try:
        raise KeyError(plain)
    except KeyError as error:
        raise CriticalFailure(f"{plain!r} was refused, {'x' * 1990}{plain}") from error


class Card(BaseModel):
    number: str
    year: int


class Typed(BaseModel):
    pin: Secret[int] | None = None
    words: Secret[list[str]] | None = None
    card: Secret[Card] | None = None


@worker("count_down", compensation="none")
def count_down(params: Typed) -> dict[str, Any]:
    """Returns each of its secrets as it is, as a number and within a text."""
    value: Any = next(secret.get_secret_value() for _, secret in params if secret is not None)
    value = value.model_dump() if isinstance(value, BaseModel) else value
    seen.append(value)
    return {"value": value, "text": f"it is {value}"}


class Keyed(BaseModel):
    by_token: dict[SecretStr, int] = {}


@worker("keyed", compensation="none")
def keyed(params: Keyed) -> None:
    """Has secrets as keys."""
