"""Which connections and secrets a document names, and whether they are there.

A params model says which of its fields hold such names (`workers.connections.fields`). Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.lib.secret_places import marked_places
from designer.document.calls import Action
from designer.problems import Problem, join, suggestion
from designer.services.calls import calls_in
from workers.connections.fields import SECRET, named_by
from workers.connections.models import Connection, Secret
from workers.registry import get_catalog


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a step's params. `kind`: `http`, `smtp` or `sql` of a connection; empty: of a secret."""

    path: str
    name: str
    kind: str


def references(document: object) -> Iterator[Reference]:
    """The names that stand in params as they are; what an expression gives is known only in a run."""
    for path, call in calls_in(document):
        for name, where, kind in _names(call):
            yield Reference(join(path, f"params{where}"), name, kind)


def connections_of(action: Action) -> set[str]:
    """The connections that a call names."""
    return {name for name, _, kind in _names({"worker": action.worker, "params": action.params}) if kind}


def limit_of(action: Action) -> str | None:
    """The limit of the first connection that a call names, if that has one."""
    names = [name for name, _, kind in _names({"worker": action.worker, "params": action.params}) if kind]
    limits = dict(Connection.objects.filter(name__in=names).values_list("name", "limit")) if names else {}
    return next(filter(None, map(limits.get, names)), None)


def _names(call: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, path and kind of what the params of a call name."""
    worker, params = call.get("worker"), call.get("params")
    spec = get_catalog().get(worker) if isinstance(worker, str) else None
    if spec is None or not isinstance(params, Mapping):
        return
    for pointer, value, mark in marked_places(params, spec.params_schema, named_by):
        if not isinstance(value, str) or (value.startswith("=") and not value.startswith("==")):
            continue
        kind = "" if mark == SECRET else mark.partition(":")[2]
        yield value.removeprefix("="), _dotted(pointer), kind


def _dotted(pointer: str) -> str:
    """`/headers/0/name` as problems write it: `.headers[0].name`."""
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in parts)


def known_names() -> dict[str, list[Any]]:
    """The connections with their kinds, and the secrets: what the fields of a step may name."""
    return {
        "connections": list(Connection.objects.values("name", "kind")),
        "secrets": list(Secret.objects.values_list("name", flat=True)),
    }


def connection_problems(document: object) -> list[Problem]:
    """Warns of names that nobody has given yet: a run that needs one fails."""
    found = list(references(document))
    if not found:
        return []
    kinds = dict(Connection.objects.values_list("name", "kind"))
    secrets = set(Secret.objects.values_list("name", flat=True))
    problems = (_problem(reference, kinds, secrets) for reference in found)
    return [problem for problem in problems if problem is not None]


def _problem(reference: Reference, kinds: Mapping[str, str], secrets: Iterable[str]) -> Problem | None:
    path, name, kind = reference.path, reference.name, reference.kind
    if not kind:
        message = f"there is no secret '{name}'{suggestion(name, secrets)}; give it under Connections"
        return None if name in secrets else Problem("unknown_secret", path, message, "warning")
    if name not in kinds:
        fitting = [other for other, its in kinds.items() if its == kind]
        message = f"there is no connection '{name}'{suggestion(name, fitting)}; make it under Connections"
        return Problem("unknown_connection", path, message, "warning")
    if kinds[name] == kind:
        return None
    labels = dict(Connection.Kind.choices)
    message = f"the connection '{name}' is of another kind ({labels[kinds[name]]}); {labels[kind]} is needed"
    return Problem("wrong_connection", path, message, "warning")
