"""Secrets in documents: texts that a worker's params model or the input schema marks are stored sealed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from config.lib.secrets import has_secrets, map_secrets, seal
from workers.sdk.spec import WorkerSpec

CALLS = ("compensation", "fallback", "verify")
Catalog = Mapping[str, WorkerSpec]


def sealed_document(document: dict[str, Any], catalog: Catalog, key: str) -> dict[str, Any]:
    """A copy of the document with its secrets sealed; malformed parts stay as they are."""
    copy = dict(document)
    if isinstance(copy.get("steps"), list):
        copy["steps"] = [_sealed_step(step, catalog, key) for step in copy["steps"]]
    schema = copy.get("input_schema")
    if isinstance(schema, Mapping) and "sample_input" in copy and has_secrets(schema):
        copy["sample_input"] = map_secrets(copy["sample_input"], schema, partial(seal, key=key))
    return copy


def _sealed_step(step: Any, catalog: Catalog, key: str) -> Any:
    if not isinstance(step, Mapping):
        return step
    calls = {name: _sealed_call(step[name], catalog, key) for name in CALLS if name in step}
    return {**_sealed_call(step, catalog, key), **calls}


def _sealed_call(call: Any, catalog: Catalog, key: str) -> Any:
    """Seals the params of a step or an action. Expressions are not secrets and stay."""
    if not isinstance(call, Mapping) or not isinstance(call.get("params"), Mapping):
        return call
    name = call.get("worker")
    spec = catalog.get(name) if isinstance(name, str) else None
    if spec is None or not spec.takes_secrets:
        return call

    def sealed(text: str) -> str:
        return text if text.startswith("=") else seal(text, key)

    return {**call, "params": map_secrets(call["params"], spec.params_schema, sealed)}
