"""Secrets in what people give to a run: where its schema marks them, and that none is from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.lib.caches import cached_for_process
from config.lib.json import json_text
from config.lib.secret_places import has_secrets, map_secrets, sealed_texts
from config.lib.secrets import MARK, input_place, is_sealed, place_of, seal
from config.sealing_keys import sealing_keys
from designer.models import WorkflowVersion
from runs.errors import SealedInput
from runs.store.graph_cache import version_graph


@cached_for_process(maxsize=256)
def secret_schema(version_id: int) -> Any:
    """The input schema if it marks anything as secret, else None."""
    schema = version_graph(version_id).input_schema
    return schema if has_secrets(schema) else None


def at_secret_places(value: Any, schema: Any) -> dict[str, Any]:
    """What a value holds at the places that a schema marks as secret, by path."""
    parts: dict[str, Any] = {}
    map_secrets(value, schema, lambda part, path: parts.setdefault(path, part))
    return parts


def refuse_misplaced(version: WorkflowVersion, value: Any) -> None:
    """Raises BadInput where a person gives a sealed value at a place that it was not sealed for.

    Else one could be read from a screen and given to a step that sends it elsewhere.
    """
    if MARK not in json_text(value):
        return
    secret = at_secret_places(value, secret_schema(version.pk))
    for path, text in sealed_texts(value):
        is_whole = is_sealed(text) and path in secret
        if not is_whole or place_of(text) not in (None, input_place(version.workflow.name, path)):
            raise SealedInput(path)


def sealed_patch(version_id: int, patch: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A patch of a run's context, with the values sealed that the input schema marks as secret."""
    if not patch:
        return patch
    version = WorkflowVersion.every.select_related("workflow").get(pk=version_id)
    refuse_misplaced(version, patch)

    def change(value: Any, path: str) -> Any:
        if is_sealed(value):
            return value
        return seal(value, sealing_keys()[0], input_place(version.workflow.name, path))

    with_seals: Mapping[str, Any] = map_secrets(patch, secret_schema(version_id), change)
    return with_seals
