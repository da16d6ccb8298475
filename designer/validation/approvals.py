"""Validation of approvals: their forms, and what follows when nobody answers. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.lib.secret_places import has_secrets
from designer.document.graph import Graph, Step
from designer.document.waits import ANSWER_KEYS, defaults_of
from designer.problems import Problems, join
from designer.validation.json_schema import SchemaValidator, check_schema, violations


def check_approvals(graph: Graph, problems: Problems) -> None:
    """Reports `missing_field` where `on_timeout` never counts, and `bad_form`."""
    for place, step in enumerate(graph.steps):
        path = join("steps", place)
        if step.on_timeout is not None and step.timeout is None:
            problems.error("missing_field", join(path, "timeout"), "'on_timeout' needs a 'timeout'")
        if step.form is not None:
            _check_form(step, step.form, join(path, "form"), problems)


def _check_form(step: Step, form: Mapping[str, Any], path: str, problems: Problems) -> None:
    faults = check_schema(form, path)
    for fault in faults:
        problems.error("bad_form", fault.path, fault.message)
    if faults:
        return
    if form.get("type") != "object":
        problems.error("bad_form", path, "a form asks for an object: write 'type: object' and its properties")
    properties = form.get("properties", {})
    for key in (key for key in ANSWER_KEYS if key in properties):
        message = f"'{key}' is a key of every approval's output; choose another name"
        problems.error("bad_form", f"{path}.properties.{key}", message)
    if has_secrets(form):
        problems.error("bad_form", path, "a form asks for no secrets: its answer is kept as it is")
    if step.on_timeout == "approve" and violations(SchemaValidator(form), defaults_of(form), 1):
        message = "if nobody answers, the defaults are the answer: give each required property a default"
        problems.error("bad_form", path, message)
