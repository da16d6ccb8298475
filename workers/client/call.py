"""One call of the API, before anything is sent. `workers.client.calls` describes all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import quote

T = TypeVar("T")
Query = Mapping[str, str | int | float | bool | None]
NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call. `template` is the path in the API's description, `path` the one that is called."""

    method: str
    template: str
    path: str
    query: Query = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def describe(
    method: str,
    template: str,
    *parts: str | int,
    query: Query = NONE,
    body: Any = None,
    headers: Mapping[str, str | None] = NONE,
) -> Call[Any]:
    """Fills the template with `parts`, and leaves out what is None."""
    names = iter(parts)
    words = [
        quote(str(next(names)), safe="") if part.startswith("{") else part for part in template.split("/")
    ]
    stated = {name: value for name, value in query.items() if value is not None}
    sent = {name: value for name, value in headers.items() if value is not None}
    return Call(method, template, "/".join(words), stated, body, sent)


def without_none(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
