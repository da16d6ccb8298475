"""The table of all doors, and all addresses as the product itself has them. No rules about either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import URLPattern, get_resolver

from config.accounts.permissions import ROLES
from config.api.api import api
from runs.live.routing import websocket_urlpatterns

TABLE = Path(__file__).with_name("doors.txt")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
API = "/api/v1"
PLACE = re.compile(r"\{(\w+)\}")
ANYONE = ("anyone", "asker", "secret")


@dataclass(frozen=True)
class Door:
    """One address with one method, and who may use it."""

    method: str
    path: str
    access: str

    @property
    def is_call(self) -> bool:
        return self.path.startswith(API)

    @property
    def is_admin(self) -> bool:
        """Of Django's admin, which sends those away who may not operate."""
        return self.path.startswith("/admin/") and not self.path.startswith("/admin/rq/")

    @property
    def places(self) -> list[str]:
        return PLACE.findall(self.path)

    def address(self, values: dict[str, Any]) -> str:
        return PLACE.sub(lambda found: str(values[found[1]]), self.path)

    def lets_in(self, acts: frozenset[str]) -> bool:
        return not acts.isdisjoint(self.access.split("|"))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors() -> list[Door]:
    lines = [line.split() for line in TABLE.read_text().splitlines() if line.strip() and line[0] != "#"]
    return [door for words in lines for door in (_rows(words) if words[0] == "ROWS" else _line(words))]


def _line(words: list[str]) -> list[Door]:
    *methods, path, access = words
    return [Door(method, path, access) for method in methods]


def _rows(words: list[str]) -> Iterator[Door]:
    _, sees, adds, changes, deletes, path = words
    access = {
        ("", "GET"): sees,
        ("", "POST"): sees,
        ("add/", "GET"): adds,
        ("add/", "POST"): adds,
        ("{object_id}/history/", "GET"): sees,
        ("{object_id}/delete/", "GET"): deletes,
        ("{object_id}/delete/", "POST"): deletes,
        ("{object_id}/change/", "GET"): sees,
        ("{object_id}/change/", "POST"): changes,
        ("{object_id}/", "GET"): "operate",
    }
    yield from (Door(method, path + rest, act) for (rest, method), act in access.items())


def addresses() -> set[str]:
    """What the product answers: pages and admin by path, calls by method and path, sockets."""
    calls = {f"{method} {API}{_plain(path)}" for method, path in _operations()}
    described = {call.partition(" ")[2] for call in calls}
    pages = {path for path in map(_plain, _patterns(get_resolver())) if path not in described}
    sockets = {f"SOCKET {_plain('/' + str(found.pattern))}" for found in websocket_urlpatterns}
    return pages | calls | sockets


def listed() -> set[str]:
    """The same of the table."""
    calls = {str(door) for door in doors() if door.is_call and door.path not in OPEN_CALLS}
    sockets = {str(door) for door in doors() if door.method == "SOCKET"}
    pages = {door.path for door in doors() if not door.is_call or door.path in OPEN_CALLS}
    return calls | sockets | (pages - {socket.partition(" ")[2] for socket in sockets})


OPEN_CALLS = (f"{API}/", f"{API}/openapi.json", f"{API}/docs")  # ninja's own, which are no operations


def _operations() -> Iterator[tuple[str, str]]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            yield from ((method, prefix + path) for one in view.operations for method in one.methods)


def _patterns(resolver: Any, before: str = "/") -> Iterator[str]:
    for found in resolver.url_patterns:
        path = before + str(found.pattern)
        if isinstance(found, URLPattern):
            yield path
        else:
            yield from _patterns(found, path)


def _plain(path: str) -> str:
    """`{name}` for each variable part, whatever its type and notation."""
    path = re.sub(r"\(\?P<(\w+)>[^)]*\)\??", r"{\1}", path)
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
    path = re.sub(r"\{\w+:(\w+)\}", r"{\1}", path)
    return path.replace("/?", "").replace("^", "").replace("$", "")


def acts_of(role: str | None) -> frozenset[str]:
    """What lets somebody in: nothing of a stranger, and of people what their roles say."""
    own = () if role in (None, "none") else next(acts for found, acts in ROLES.items() if found == role)
    return frozenset(ANYONE if role is None else (*ANYONE, "person", *own))
