"""The operations of an OpenAPI document (2.0, 3.0, 3.1), as steps that call them. PURE.

https://spec.openapis.org/oas/v3.1.1.html. An operation becomes params of `http_request` and the schema of
those of its fields that the document describes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from designer.formats.openapi.references import Resolver, shortened

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPERATIONS_MAX = 2_000
PLACES = {"path": "path", "query": "query", "header": "headers"}
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
OWN_HEADERS = frozenset({"accept", "content-type", "authorization", "idempotency-key"})
WORD = re.compile(r"[A-Za-z0-9]+")
INSIDE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # where a word begins within a name
VERSION = re.compile(r"(2\.0|3\.[01](\.\d+)?)")

Json = Any
Object = Mapping[str, Any]


class NotOpenApi(ValueError):
    """The document is not one of OpenAPI 2.0, 3.0 or 3.1."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(f"{self.__doc__} {reason}".strip())


@dataclass(frozen=True)
class Operation:
    """One operation. `schema`: of the params that the document describes, by the fields of `http_request`.

    `answer`: the schema of its right answer's body; `undo_said`: what its author says under `x-undo`.
    """

    id: str
    method: str
    url: str
    title: str
    description: str
    tag: str
    schema: dict[str, Any]
    expect: tuple[int | str, ...]
    answer: dict[str, Any] = field(default_factory=dict)
    undo_said: Any = None

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.url

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"\{([^{}]+)\}", self.url)

    def required(self, place: str) -> list[str]:
        part = self.schema["properties"].get(place, {})
        names: list[str] = part.get("required", [])
        return names


@dataclass(frozen=True)
class Api:
    """A document as it is used. `problems`: what of it was left out, and why."""

    title: str
    address: str
    operations: tuple[Operation, ...]
    problems: tuple[str, ...] = ()


def read_api(document: Json) -> Api:
    """Raises NotOpenApi."""
    if not isinstance(document, Mapping):
        raise NotOpenApi
    version = str(document.get("openapi") or document.get("swagger") or "")
    if not VERSION.fullmatch(version):
        raise NotOpenApi(f"It says {version!r:.40}." if version else "It has neither openapi nor swagger.")
    paths = document.get("paths")
    if not isinstance(paths, Mapping):
        raise NotOpenApi("It has no paths.")
    reader = _Reader(document)
    operations = list(reader.operations(paths))
    info = document.get("info")
    title = str(info.get("title") or "") if isinstance(info, Mapping) else ""
    return Api(title[:200], _address(document), tuple(operations), tuple(reader.told()))


def _address(document: Object) -> str:
    """The address of the first server; empty if it depends on variables, or is not said."""
    servers = document.get("servers")
    if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
        url = str(servers[0].get("url") or "")
        variables = servers[0].get("variables")
        for name, variable in variables.items() if isinstance(variables, Mapping) else ():
            default = variable.get("default", "") if isinstance(variable, Mapping) else ""
            url = url.replace("{" + str(name) + "}", str(default))
        return url if url.startswith(("https://", "http://")) and "{" not in url else ""
    if document.get("host"):
        schemes = document.get("schemes")
        scheme = "http" if schemes == ["http"] else "https"
        return f"{scheme}://{document['host']}{document.get('basePath') or ''}".rstrip("/")
    return ""


class _Reader:
    def __init__(self, document: Object) -> None:
        self._resolver = Resolver(document)
        self._problems: list[str] = []
        self._ids: set[str] = set()

    def told(self) -> Iterator[str]:
        yield from self._problems
        for reference in sorted(self._resolver.missing)[:20]:
            yield f"{reference}: there is nothing, or it lies in another document"

    def operations(self, paths: Object) -> Iterator[Operation]:
        count = 0
        for path, item in paths.items():
            item = self._resolver.target(item)
            for method in METHODS:
                source = item.get(method) if isinstance(item, Mapping) else None
                if not isinstance(source, Mapping):
                    continue
                count += 1
                if count > OPERATIONS_MAX:
                    self._problems.append(f"{path}: there are more than {OPERATIONS_MAX:,} operations")
                    return
                yield self._operation(str(path), method.upper(), item, source)

    def _operation(self, path: str, method: str, item: Object, source: Object) -> Operation:
        parts: dict[str, dict[str, Any]] = {}
        for parameter in self._parameters(item, source):
            self._add_parameter(parts, parameter, f"{method} {path}")
        for name in re.findall(r"\{([^{}]+)\}", path):
            place = parts.setdefault("path", _empty())
            place["properties"].setdefault(name, {"type": "string"})
            place["required"] = [*dict.fromkeys([*place["required"], name])]
        self._add_body(parts, source, f"{method} {path}")
        expect, answer = self._answer(source)
        summary = str(source.get("summary") or "").strip()
        description = str(source.get("description") or "").strip()
        tags = source.get("tags")
        schema = {"type": "object", "properties": parts}
        return Operation(
            id=self._id(source.get("operationId"), method, path),
            method=method,
            url=path,
            title=(summary or f"{method} {path}")[:200],
            description=shortened(description),
            tag=str(tags[0]) if isinstance(tags, list) and tags else "",
            schema=schema,
            expect=expect,
            answer=answer,
            undo_said=source.get("x-undo"),
        )

    def _id(self, stated: Any, method: str, path: str) -> str:
        """A name that no other operation of the document has."""
        words = identifier(str(stated) if stated else f"{method} {path}") or "call"
        name, number = words, 1
        while name in self._ids:
            number += 1
            name = f"{words}_{number}"
        self._ids.add(name)
        return name

    def _parameters(self, item: Object, source: Object) -> list[Object]:
        """Those of the path and of the operation, which win."""
        found: dict[tuple[str, str], Object] = {}
        for owner in (item, source):
            listed = owner.get("parameters")
            for entry in listed if isinstance(listed, list) else []:
                parameter = self._resolver.target(entry)
                if isinstance(parameter, Mapping) and parameter.get("name"):
                    found[str(parameter.get("in")), str(parameter["name"])] = parameter
        return list(found.values())

    def _add_parameter(self, parts: dict[str, dict[str, Any]], parameter: Object, where: str) -> None:
        place, name = str(parameter.get("in")), str(parameter["name"])
        if place == "body":
            parts["json"] = self._resolver.schema(parameter.get("schema"))
            return
        if place == "formData":
            target = parts.setdefault("form", _empty())
        elif place in PLACES and not (place == "header" and name.lower() in OWN_HEADERS):
            target = parts.setdefault(PLACES[place], _empty())
        else:
            if place == "cookie":
                self._problems.append(f"{where}: the cookie {name} is not sent")
            return
        described = parameter.get("schema") or _first_content(parameter.get("content"))
        schema = self._resolver.schema(described if described is not None else parameter)
        schema.pop("required", None) if not isinstance(schema.get("required"), list) else None
        if parameter.get("description") and "description" not in schema:
            schema["description"] = shortened(str(parameter["description"]))
        target["properties"][name] = schema
        if parameter.get("required") is True or place == "path":
            target["required"] = [*dict.fromkeys([*target["required"], name])]

    def _add_body(self, parts: dict[str, dict[str, Any]], source: Object, where: str) -> None:
        body = self._resolver.target(source.get("requestBody"))
        content = body.get("content") if isinstance(body, Mapping) else None
        if not isinstance(content, Mapping) or not content:
            return
        kinds = {str(kind).partition(";")[0].strip().lower(): media for kind, media in content.items()}
        json_kind = next((kind for kind in kinds if kind.endswith(("/json", "+json")) or kind == "*/*"), None)
        form_kind = next((kind for kind in FORMS if kind in kinds), None)
        chosen = json_kind or form_kind
        if chosen is None:
            self._problems.append(f"{where}: its body is {', '.join(kinds)}; write it as text")
            parts["text"] = {"type": "string"}
            return
        media = kinds[chosen]
        schema = self._resolver.schema(media.get("schema") if isinstance(media, Mapping) else None)
        parts["json" if json_kind else "form"] = schema

    def _answer(self, source: Object) -> tuple[tuple[int | str, ...], dict[str, Any]]:
        """The statuses of right answers, and the schema of the first one's body."""
        responses = source.get("responses")
        right: dict[int, Any] = {}
        is_range = False
        for status, response in responses.items() if isinstance(responses, Mapping) else ():
            text = str(status).lower()
            if text.isdecimal() and 200 <= int(text) < 400:
                right[int(text)] = self._resolver.target(response)
            is_range = is_range or text in ("2xx", "default")
        expect = tuple(status for status in sorted(right) if status < 300)
        answer: Any = next((right[status] for status in sorted(right)), {})
        described = None
        if isinstance(answer, Mapping):
            described = answer.get("schema") or _first_content(answer.get("content"))
        return (expect if expect and not is_range else ("2xx",)), self._resolver.schema(described)


def identifier(text: str) -> str:
    """The words of a text as one name: `createCharge` becomes `create_charge`."""
    return "_".join(WORD.findall(INSIDE.sub("_", text))).lower()[:100]


def _empty() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": [], "additionalProperties": True}


def _first_content(content: Any) -> Any:
    """The schema of a content's JSON, or of its first kind."""
    if not isinstance(content, Mapping):
        return None
    kinds = sorted(content, key=lambda kind: "json" not in str(kind))
    media = content[kinds[0]] if kinds else None
    return media.get("schema") if isinstance(media, Mapping) else None
