"""The definition of one worker. `workers.sdk.decorator` makes it; everything else reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel

from config.lib.secret_places import has_secrets
from workers.sdk.params_schema import params_schema

ARGUMENTS = frozenset({"context", "params", "step"})
Rehearsal = Literal["real", "record", "stub"]
"""What a rehearsal does with a worker: calls it, answers as an earlier run did, or answers for it."""
REHEARSALS: tuple[Rehearsal, ...] = ("real", "record", "stub")
RetryPolicies = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""What a decorator says about retries: a policy, or several, of which the first that fits counts."""


@dataclass(frozen=True)
class WorkerSpec:
    """A worker's function and its defaults. `timeout` is in seconds; None: the author states nothing.

    `takes` names the arguments among `ARGUMENTS` that the function has. `compensation` is the default undo
    slot: the name of a worker, "none" or "irreversible". `stub` is what a rehearsal answers in its place, and
    `books` the worker that judges what it wrote.
    """

    name: str
    function: Callable[..., Any]
    module: str
    is_async: bool
    takes: frozenset[str]
    params_model: type[BaseModel] | None = None
    timeout: float | None = None
    retry: RetryPolicies = None
    queue: str | None = None
    limit: str | None = None
    category: str = ""
    title: str = ""
    doc: str = ""
    compensation: str | None = None
    rehearsal: Rehearsal = "stub"
    stub: Mapping[str, Any] | None = None
    books: str | None = None

    @cached_property
    def params_schema(self) -> dict[str, Any] | None:
        """JSON Schema of the params; None for a worker that takes any params."""
        return params_schema(self.params_model) if self.params_model else None

    @cached_property
    def takes_secrets(self) -> bool:
        return has_secrets(self.params_schema)
