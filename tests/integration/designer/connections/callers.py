"""Workers whose params name connections and secrets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel

from workers import StepHandle, worker
from workers.connections.fields import ConnectionName, SecretName
from workers.connections.opening import open_connection, open_secret


class Ask(BaseModel):
    connection: Annotated[str, ConnectionName("http")]
    keys: list[SecretName] = []


class Mail(BaseModel):
    server: Annotated[str, ConnectionName("smtp")] | None = None


@worker("ask", compensation="none")
def ask(params: Ask, step: StepHandle) -> dict[str, Any]:
    """Opens what it is told to, and says too much."""
    opened = open_connection(params.connection, "http", step)
    values = [open_secret(name, step) for name in params.keys]
    step.log("signing in with", opened.secret, *values)
    step.progress(0.5, f"with {opened.secret}")
    return {"said": opened.secret, "values": values, "address": opened.address}


@worker("ask_and_fail", compensation="none")
def ask_and_fail(params: Ask, step: StepHandle) -> None:
    raise RuntimeError(f"{open_connection(params.connection, 'http', step).secret} was refused")


@worker("mail", compensation="none")
def mail(params: Mail) -> None:
    pass


@worker("ask_slowly", compensation="none", limit="slow")
def ask_slowly(params: Ask) -> None:
    pass
