"""Warns of steps whose params do not fit the operation that they call. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from designer.formats.openapi.steps import missing
from designer.problems import Problem, join
from designer.services.calls import calls_in
from designer.validation.json_schema import SchemaValidator, check_schema, misfits
from workers.connections.models import ApiOperation

WORKER = "http_request"
CALLS_MAX = 200
PROBLEMS_MAX = 20  # of one call

Key = tuple[str, str, str]


def operation_problems(document: object) -> list[Problem]:
    """What a person should look at: the API may still accept it, so these are warnings."""
    calls = [
        (path, key, params) for path, params in _params_in(document) if (key := _key_of(params)) is not None
    ][:CALLS_MAX]
    forms = _forms({key for _, key, _ in calls}) if calls else {}
    return [
        problem
        for path, key, params in calls
        if key in forms
        for problem in list(_misfits(forms[key], params, path))[:PROBLEMS_MAX]
    ]


def _key_of(params: Mapping[str, Any]) -> Key | None:
    """Connection, method and path, where none of them is an expression."""
    values = [params.get("connection"), params.get("method", "GET"), params.get("url")]
    texts = [value for value in values if isinstance(value, str) and value and not value.startswith("=")]
    return (texts[0], texts[1], texts[2]) if len(texts) == len(values) else None


def _forms(keys: set[Key]) -> dict[Key, Mapping[str, Any]]:
    rows = ApiOperation.objects.filter(
        document__connection__name__in={name for name, _, _ in keys}, url__in={url for _, _, url in keys}
    ).values_list("document__connection__name", "method", "url", "detail")
    return {(name, method, url): detail["form"] for name, method, url, detail in rows}


def _misfits(form: Mapping[str, Any], params: Mapping[str, Any], path: str) -> Iterator[Problem]:
    empty = {join(join(path, place), name) for place, name in missing(form, params)}
    for where in sorted(empty):
        yield Problem("operation_misfit", where, "the API needs this, and it is empty", "warning")
    for place, schema in form.items():
        value = params.get(place)
        if place not in params or isinstance(value, str) or check_schema(schema, ""):
            continue
        for misfit in misfits(SchemaValidator(schema), value, join(path, place)):
            if misfit.path not in empty:
                message = f"the API's document says: {misfit.message}"
                yield Problem("operation_misfit", misfit.path, message, "warning")


def _params_in(document: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, call in calls_in(document):
        if call.get("worker") == WORKER:
            params = call.get("params")
            yield join(path, "params"), params if isinstance(params, Mapping) else {}
