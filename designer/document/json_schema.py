"""The workflow document as a JSON Schema (2020-12), for editors and other programs.

PURE. It is made of the tables that read documents, so it knows each field, its type and its bounds. What
spans the whole graph (names that exist, cycles, expressions, workers) is checked by `designer.validation`
alone. One difference: JSON Schema takes `1.0` for a whole number, and a document does not.
"""

from __future__ import annotations

from designer.document.document import BODY_FIELDS, EDGE_FIELDS, GRAPH_FIELDS
from designer.document.kinds import DEFAULT_KIND, KINDS, StepKind
from designer.document.limits import EDGES_MAX, STEPS_MAX
from designer.document.readers import Schema, exactly_one, needs, object_schema, stated

ID = "urn:sagaboard:schema:workflow:1"
"""Names the schema; the product serves it at /docs/schema/workflow.json."""


def workflow_schema() -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A workflow of Sagaboard",
        **object_schema(GRAPH_FIELDS, ("name",)),
        "allOf": [{"properties": {"steps": {"maxItems": STEPS_MAX}, "edges": {"maxItems": EDGES_MAX}}}],
        "$defs": {"step": _step(), "edge": _edge(), "body": object_schema(BODY_FIELDS)},
    }


def _step() -> Schema:
    """A step by its kind; one without a kind is a task."""
    default: Schema = {"if": {"not": stated("kind")}, "then": _of_kind(KINDS[DEFAULT_KIND])}
    kinds = [_if_kind(kind, row) for kind, row in KINDS.items()]
    return {
        "type": "object",
        "properties": {"kind": {"enum": [*KINDS, None], "default": DEFAULT_KIND}},
        "required": ["name"],
        "allOf": [default, *kinds],
    }


def _if_kind(kind: str, row: StepKind) -> Schema:
    condition = {"required": ["kind"], "properties": {"kind": {"const": kind}}}
    return {"if": condition, "then": _of_kind(row)}


def _of_kind(row: StepKind) -> Schema:
    rules = [exactly_one(row.one_of)] if row.one_of else []
    rules += [needs("match", "event")] if "match" in row.fields else []
    schema = {"description": row.description} | object_schema(row.readers, row.required)
    return schema | ({"allOf": rules} if rules else {})


def _edge() -> Schema:
    otherwise = {"required": ["otherwise"], "properties": {"otherwise": {"const": True}}}
    alone = {"allOf": [{"not": stated("when")}, {"not": stated("on")}]}
    rules = [{"if": otherwise, "then": alone}, needs("errors", "on")]
    return object_schema(EDGE_FIELDS, ("from", "to")) | {"allOf": rules}
