"""Which places of a value a JSON Schema marks as secret. PURE: no Django.

A place is secret if a schema that may describe it says `writeOnly: true` or `format: password`, as pydantic's
`SecretStr` and `Secret[…]` do; all that lies within is then secret too. Schemas that hold under a condition
(`if`, `anyOf`, `dependentSchemas`, `not`, …) count as if they held: sealing too much harms nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from config.lib.patterns import BadPattern, TooMuchToSearch, matches
from config.lib.secrets import MARK, is_sealed

Change = Callable[[Any, str], Any]
Schema = Mapping[str, Any]
Mark = Callable[[Schema], str]
Schemas = tuple[Schema, ...]

COMBINED = ("allOf", "anyOf", "oneOf")
CONDITIONAL = ("if", "then", "else", "not")
REST = ("additionalProperties", "unevaluatedProperties")


def has_secrets(schema: Any) -> bool:
    """Whether the schema marks any place; a cheap check that errs on the side of yes."""
    text = str(schema)
    return "writeOnly" in text or "'format': 'password'" in text


def map_secrets(value: Any, schema: Schema | None, change: Change) -> Any:
    """Returns a copy of `value` with `change(part, path)` in place of each part at a secret place.

    `path` is a JSON pointer into the value. Nothing and empty texts are no secrets.
    """
    if not schema:
        return value
    return _Walk(schema, lambda part, path, _: change(part, path), _secret_mark).walk(value, (schema,), "")


def _secret_mark(schema: Schema) -> str:
    return "secret" if schema.get("writeOnly") is True or schema.get("format") == "password" else ""


def marked_places(value: Any, schema: Schema | None, mark: Mark) -> list[tuple[str, Any, str]]:
    """Returns path, part and mark of each part of `value` that a schema describes which `mark` marks."""
    places: list[tuple[str, Any, str]] = []

    def collect(part: Any, path: str, found: str) -> Any:
        places.append((path, part, found))
        return part

    if schema:
        _Walk(schema, collect, mark).walk(value, (schema,), "")
    return places


def secrets_in(value: Any, schema: Schema | None) -> list[Any]:
    """Returns the parts of `value` at secret places of `schema`."""
    parts: list[Any] = []

    def collect(part: Any, path: str) -> Any:
        parts.append(part)
        return part

    map_secrets(value, schema, collect)
    return parts


class _Walk:
    """One walk through a value. What a set of schemas says of a member or an item is worked out once."""

    def __init__(self, root: Schema, change: Callable[[Any, str, str], Any], mark: Mark) -> None:
        self._root = root
        self._change = change
        self._mark = mark
        self._branches: dict[tuple[int, ...], Schemas] = {}
        self._members: dict[tuple[tuple[int, ...], str], Schemas] = {}

    def walk(self, value: Any, schemas: Schemas, path: str) -> Any:
        """`schemas`: all that may describe the value."""
        branches = self._reached(schemas)
        if not branches or value is None or value == "":
            return value
        if mark := next(filter(None, map(self._mark, branches)), ""):
            return self._change(value, path, mark)
        if isinstance(value, Mapping):
            return {
                name: self.walk(part, self._member(branches, name), below(path, name))
                for name, part in value.items()
            }
        if isinstance(value, list | tuple):
            longest = max(len(_list(schema.get("prefixItems"))) for schema in branches)
            return [
                self.walk(part, self._item(branches, min(at, longest)), below(path, at))
                for at, part in enumerate(value)
            ]
        return value

    def _reached(self, schemas: Schemas) -> Schemas:
        """The schemas and all that they refer to or combine, each once."""
        key = tuple(map(id, schemas))
        if key not in self._branches:
            reached: dict[int, Schema] = {}
            waiting: list[Any] = list(schemas)
            while waiting:
                schema = waiting.pop()
                if not isinstance(schema, Mapping) or id(schema) in reached:
                    continue
                reached[id(schema)] = schema
                waiting += [part for word in COMBINED for part in _list(schema.get(word))]
                waiting += [schema.get(word) for word in CONDITIONAL]
                waiting += _mapping(schema.get("dependentSchemas")).values()
                waiting.append(_target(schema.get("$ref"), self._root))
            self._branches[key] = tuple(reached.values())
        return self._branches[key]

    def _member(self, branches: Schemas, name: str) -> Schemas:
        key = tuple(map(id, branches)), name
        if key not in self._members:
            found: list[Any] = []
            for schema in branches:
                stated = _mapping(schema.get("properties"))
                own = [stated[name]] if name in stated else []
                patterns = _mapping(schema.get("patternProperties"))
                own += [part for pattern, part in patterns.items() if _may_match(pattern, name)]
                found += own or [schema.get(word) for word in REST]
            self._members[key] = _schemas(found)
        return self._members[key]

    def _item(self, branches: Schemas, at: int) -> Schemas:
        key = tuple(map(id, branches)), f"/{at}"
        if key not in self._members:
            found: list[Any] = []
            for schema in branches:
                prefix = _list(schema.get("prefixItems"))
                found += [prefix[at]] if at < len(prefix) else [schema.get("items")]
                found.append(schema.get("contains"))
            self._members[key] = _schemas(found)
        return self._members[key]


def _may_match(pattern: str, name: str) -> bool:
    """Whether a member may be meant by a pattern; what cannot be told may be."""
    try:
        return matches(pattern, name)
    except (BadPattern, TooMuchToSearch):
        return True


def _schemas(parts: Iterable[Any]) -> Schemas:
    return tuple(part for part in parts if isinstance(part, Mapping))


def _target(reference: Any, root: Schema) -> Any:
    """What a reference within the document points at, such as `#/$defs/Card`; None for any other."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    target: Any = root
    for name in unquote(reference[1:]).split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list):
            target = target[int(name)] if name.isdecimal() and int(name) < len(target) else None
        else:
            target = target.get(name) if isinstance(target, Mapping) else None
    return target


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def secret_keys(schema: Any, path: str = "") -> str | None:
    """The path of a schema that marks keys as secret, which cannot be sealed; None without one."""
    if isinstance(schema, Mapping):
        if has_secrets(schema.get("propertyNames")):
            return f"{path}/propertyNames"
        parts: Iterable[tuple[object, Any]] = schema.items()
    elif isinstance(schema, list):
        parts = enumerate(schema)
    else:
        return None
    return next((found for key, part in parts if (found := secret_keys(part, below(path, key)))), None)


def sealed_texts(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
    """Yields the JSON pointer and the text wherever a text, or a key, holds a sealed value."""
    if isinstance(value, str):
        if MARK in value:
            yield path, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from sealed_texts(name, path)
            yield from sealed_texts(part, below(path, name))
    elif isinstance(value, list | tuple):
        for at, part in enumerate(value):
            yield from sealed_texts(part, below(path, at))


def map_sealed(value: Any, path: str, change: Callable[[str, str], Any]) -> Any:
    """Returns a copy of `value`, which stands at `path`, with `change(text, path)` for each sealed text."""
    if isinstance(value, Mapping):
        return {name: map_sealed(part, below(path, name), change) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [map_sealed(part, below(path, at), change) for at, part in enumerate(value)]
    return change(value, path) if is_sealed(value) else value


def below(path: str, key: object) -> str:
    """The JSON pointer to a member or an item."""
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
