"""Proposes the undo of an operation: what its author says, or what names and paths suggest. PURE.

A proposal is a guess, and is said to be one: nothing is undone by it before a person has taken it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from designer.formats.openapi.operations import READING, Operation, identifier

# Where something is made at the one, it is taken back at the other, beside it.
PAIRS: Mapping[str, tuple[str, ...]] = {
    "charges": ("refunds",),
    "payments": ("refunds", "reversals"),
    "captures": ("refunds",),
    "transfers": ("reversals",),
    "reservations": ("releases", "cancellations"),
    "bookings": ("cancellations",),
    "orders": ("cancellations", "returns"),
    "subscriptions": ("cancellations",),
    "holds": ("releases",),
}
# The last word of a path, below what was made or beside the act that is taken back.
TAKES_BACK = (
    *("cancel", "void", "refund", "reverse", "release", "revoke", "undo", "rollback", "delete", "remove"),
    *("close", "stop", "terminate", "archive", "deactivate", "disable"),
)
SUFFIX = ".json"  # that some APIs end their paths with
OPPOSITES: Mapping[str, str] = {
    "lock": "unlock",
    "enable": "disable",
    "activate": "deactivate",
    "start": "stop",
    "open": "close",
    "attach": "detach",
    "add": "remove",
    "assign": "unassign",
    "subscribe": "unsubscribe",
    "publish": "unpublish",
    "archive": "unarchive",
    "suspend": "resume",
    "pause": "resume",
    "block": "unblock",
    "follow": "unfollow",
    "grant": "revoke",
    "reserve": "release",
    "hold": "release",
    "connect": "disconnect",
    "mute": "unmute",
    "pin": "unpin",
    "hide": "unhide",
    "invite": "uninvite",
    "join": "leave",
    "register": "unregister",
    "up": "down",
}


@dataclass(frozen=True)
class Proposal:
    """Params of the `http_request` that undoes an operation. `why`: for the person who takes it or not."""

    operation: str
    params: dict[str, Any]
    why: str
    is_said: bool = False


def proposed(operation: Operation, all_of_them: Mapping[tuple[str, str], Operation]) -> Proposal | None:
    """The best proposal for an operation that changes something; None if nothing suggests one."""
    if operation.method in READING:
        return None
    said = _said(operation, all_of_them)
    return said or next(_guessed(operation, all_of_them), None)


def _said(operation: Operation, others: Mapping[tuple[str, str], Operation]) -> Proposal | None:
    """What the document's author says: an operation's id, or `{operationId | method, path, params}`."""
    said = operation.undo_said
    if isinstance(said, str):
        said = {"operationId": said}
    if not isinstance(said, Mapping):
        return None
    wanted = str(said.get("operationId") or "")
    key = (str(said.get("method") or "").upper(), str(said.get("path") or ""))
    undo = others.get(key) or next(
        (it for it in others.values() if wanted and it.id == identifier(wanted)), None
    )
    if undo is None:
        return None
    params = said.get("params")
    stated = dict(params) if isinstance(params, Mapping) else _filled(operation, undo)
    return Proposal(undo.id, _params(undo, stated or {}), "The API's author says so.", is_said=True)


def _guessed(operation: Operation, others: Mapping[tuple[str, str], Operation]) -> Iterator[Proposal]:
    for method, url, why in _candidates(operation, others):
        undo = others.get((method, url))
        if undo is None or undo.key == operation.key:
            continue
        stated = _filled(operation, undo)
        if stated is not None:
            yield Proposal(undo.id, _params(undo, stated), why)


def _candidates(
    operation: Operation, others: Mapping[tuple[str, str], Operation]
) -> Iterator[tuple[str, str, str]]:
    """Method and path of what may take the operation back, the likeliest first."""
    url = _bare(operation.url)
    parent, _, last = url.rpartition("/")
    if operation.method == "POST" and last in OPPOSITES:
        yield from _at(others, "POST", f"{parent}/{OPPOSITES[last]}", f"{last.capitalize()} is its opposite.")
    if _puts_there(operation, others):
        yield "DELETE", operation.url, "It removes what this puts there."
    if operation.method != "POST" or _is_name(url):  # at a single thing it may change what was there before
        return
    below = [it for it in others.values() if _is_name(it.url) and _bare(it.url).rpartition("/")[0] == url]
    for other in below:
        if other.method == "DELETE":
            yield "DELETE", other.url, "It removes what this makes."
    acts = _acts_on_one(url, others)
    for word in TAKES_BACK:
        yield from _at(others, "POST", acts.get(word, ""), f"It says {word} of what this makes.")
    for opposite in PAIRS.get(last, ()):
        for path in (f"{parent}/{opposite}", acts.get(opposite, "")):
            yield from _at(others, "POST", path, f"{opposite.capitalize()} take {last} back.")


def _acts_on_one(url: str, others: Mapping[tuple[str, str], Operation]) -> dict[str, str]:
    """The paths below a single thing of a list, such as `/orders/{id}/cancel`, by their last word."""
    acts: dict[str, str] = {}
    for other in others.values():
        start, _, end = _bare(other.url).rpartition("/")
        if _is_name(start) and start.rpartition("/")[0] == url:
            acts.setdefault(end, f"{start}/{end}")
    return acts


def _puts_there(operation: Operation, others: Mapping[tuple[str, str], Operation]) -> bool:
    """Whether it puts something in a place that was empty, as a star or a lock, and changes nothing.

    What answers with 200, or can be changed by PATCH as well, may have been there before: it is not removed.
    """
    if operation.method == "POST":
        is_list = any(_bare(it.url).startswith(f"{_bare(operation.url)}/{{") for it in others.values())
        return not is_list and not _is_name(operation.url)  # of a list, all would go
    is_making = bool(operation.expect) and set(operation.expect) <= {201, 202, 204}
    return operation.method == "PUT" and is_making and ("PATCH", operation.url) not in others


def _at(
    others: Mapping[tuple[str, str], Operation], method: str, bare: str, why: str
) -> Iterator[tuple[str, str, str]]:
    """The operation at a path, whatever it ends with."""
    for url in (bare, f"{bare}/", f"{bare}{SUFFIX}"):
        if (method, url) in others:
            yield method, url, why


def _bare(url: str) -> str:
    return url.rstrip("/").removesuffix(SUFFIX)


def _is_name(url: str) -> bool:
    return _bare(url).endswith("}")


def _filled(operation: Operation, undo: Operation) -> dict[str, Any] | None:
    """The params of the undo as far as they follow from the operation; None if a needed one does not."""
    stated: dict[str, Any] = {}
    path = {name: _value(name, operation, undo) for name in undo.path_names}
    if any(value is None for value in path.values()):
        return None
    if path:
        stated["path"] = path
    for place in ("json", "form", "query"):
        values = {name: _value(name, operation, undo) for name in undo.required(place)}
        if place != "query" and not values:
            values = _optional_reference(place, operation, undo)
        if any(value is None for value in values.values()):
            return None
        if values:
            stated[place] = values
    return stated


def _value(name: str, operation: Operation, undo: Operation) -> Any:
    """Where a param of the undo comes from: the operation's answer, or its path.

    `{path.NAME}` stands for what the step itself has there, which is copied when the proposal is taken.
    """
    if name in operation.path_names:
        return f"{{path.{name}}}"
    answered = operation.answer.get("properties") or {}
    resource = singular(_bare(operation.url).rpartition("/")[2])
    forms = {name, _snake(name)}
    for key in answered:
        if key in forms or _snake(key) in forms:
            return f"=output.body.{key}"
    is_reference = _snake(name) in {"id", resource, f"{resource}_id", f"{resource}id"} or _snake(
        name
    ).endswith("_id")
    identity = next((key for key in ("id", "uuid", "number", "name", "key") if key in answered), None)
    return f"=output.body.{identity or 'id'}" if is_reference and (identity or not answered) else None


def _optional_reference(place: str, operation: Operation, undo: Operation) -> dict[str, Any]:
    """A member of the undo's body that names what the operation made, where none is required."""
    resource = singular(_bare(operation.url).rpartition("/")[2])
    members = (undo.schema["properties"].get(place) or {}).get("properties") or {}
    for name in members:
        if _snake(name) in (resource, f"{resource}_id"):
            return {name: _value(name, operation, undo)}
    return {}


def _params(undo: Operation, stated: Mapping[str, Any]) -> dict[str, Any]:
    return {"method": undo.method, "url": undo.url, **stated}


def singular(word: str) -> str:
    word = _snake(word)
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _snake(name: str) -> str:
    made = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
    return made.replace("-", "_").replace("__", "_").strip("_")
