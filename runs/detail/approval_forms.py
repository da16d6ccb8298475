"""Forms of approvals, made from the JSON Schema that the workflow states, and the answers given with them.

The engine checks the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms

from designer.document.graph import Graph, Step
from runs.detail.forms import ApprovalForm
from runs.engine import engine
from runs.form_fields import JsonField, as_text
from runs.machine.errors import BadAnswer, Refused
from runs.machine.states import State
from runs.machine.steps.kinds.approval import may_answer

PREFIX = "answer-"
OPTIONS_MAX = 200
LONG_TEXT = 200
INPUT = {"class": "input input-sm"}


class AnswerForm(ApprovalForm):
    """Decision, comment and a field for each property of the schema, which is named `answer-KEY`."""

    def __init__(self, data: Any = None, *, schema: Mapping[str, Any] | None = None, step: str = "") -> None:
        super().__init__(data, auto_id=f"approval-{step}-%s")
        properties = (schema or {}).get("properties", {})
        required = (schema or {}).get("required", ())
        for key, part in properties.items():
            self.fields[PREFIX + key] = _field(key, part if isinstance(part, dict) else {}, key in required)

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields of the schema."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    def answer(self) -> dict[str, Any]:
        """Returns what was filled in; a field that was left empty is left out."""
        values = {
            name.removeprefix(PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX)
        }
        return {key: value for key, value in values.items() if value not in (None, "")}

    def add_problems(self, problems: Any) -> None:
        """Shows what is wrong with the answer at its fields."""
        for problem in problems:
            key = problem["path"].removeprefix("answer").removeprefix(".").partition(".")[0].partition("[")[0]
            field = PREFIX + key
            self.add_error(field if field in self.fields else None, problem["message"])


def _field(key: str, part: Mapping[str, Any], is_required: bool) -> forms.Field:
    title = str(part.get("title") or key)
    label = f"{title} (needed)" if is_required else title
    common: dict[str, Any] = {
        "label": label,
        "help_text": str(part.get("description") or ""),
        "required": False,
    }
    initial, kind, options = part.get("default"), part.get("type"), part.get("enum")
    if _are_options(options):
        choices = [("", "—"), *((option, option) for option in options or ())]
        select = forms.Select(attrs={"class": "select select-sm"})
        return forms.ChoiceField(choices=choices, initial=initial, widget=select, **common)
    if kind == "boolean":
        return forms.BooleanField(initial=initial, **common)
    if kind == "integer":
        return forms.IntegerField(initial=initial, widget=forms.NumberInput(attrs=INPUT), **common)
    if kind == "number":
        widget = forms.NumberInput(attrs=INPUT | {"step": "any"})
        return forms.FloatField(initial=initial, widget=widget, **common)
    if kind == "string":
        is_long = int(part.get("maxLength") or 0) > LONG_TEXT
        long = forms.Textarea(attrs={"class": "textarea", "rows": 3})
        widget_of = long if is_long else forms.TextInput(attrs=INPUT | {"type": _type_of(part)})
        return forms.CharField(initial=initial, widget=widget_of, strip=False, **common)
    return JsonField(initial=None if initial is None else as_text(initial), **common)


def _are_options(options: Any) -> bool:
    """Whether an `enum` can be a list to choose from: not too long, and of texts."""
    is_list = isinstance(options, list) and 0 < len(options) <= OPTIONS_MAX
    return is_list and all(isinstance(option, str) for option in options)


def _type_of(part: Mapping[str, Any]) -> str:
    return {"date": "date", "email": "email", "uri": "url"}.get(str(part.get("format")), "text")


def give_answer(run_id: UUID, definition: Step | None, step: str, data: Any, user: Any) -> AnswerForm | None:
    """Approves or rejects as `data` says. Returns the form with what is wrong with it, or None.

    `definition`: the step as its run has it; None if it has none of that name. Raises Refused and RunsError.
    """
    form = AnswerForm(data, schema=definition.form if definition else None, step=step)
    is_approved = data.get("decision") == "approve"
    if not form.is_valid() and (is_approved or {"decision", "comment"} & form.errors.keys()):
        return form
    answer = form.answer() if is_approved and definition and definition.form else None
    try:
        engine.approve(run_id, step, is_approved, user, form.cleaned_data["comment"], answer)
    except BadAnswer as refused:
        form.add_problems(refused.problems)
        return form
    except Refused as refused:
        if refused.code != "comment_required":
            raise
        form.add_error("comment", str(refused))
        return form
    return None


@dataclass(frozen=True)
class WaitingApproval:
    """An approval as the page of its run shows it. `assignees`: empty where all who may operate are asked."""

    step: str
    message: str
    assignees: list[str]
    is_for_user: bool
    comment_required: bool
    form: AnswerForm


def waiting_approvals(
    loaded: tuple[Graph, State],
    names: list[str],
    person: tuple[str, tuple[str, ...], bool],
    filled_in: Mapping[str, Any],
) -> list[WaitingApproval]:
    """Returns the approvals `names` of a run. `person`: name, groups, whether an administrator."""
    graph, state = loaded
    found = []
    for name in names:
        step, waits = graph.by_name[name], state.step(name).waits or {}
        form = filled_in.get(f"approval-{name}") or AnswerForm(schema=step.form, step=name)
        found.append(
            WaitingApproval(
                name,
                str(waits.get("message") or ""),
                list(waits.get("assignees") or ()),
                may_answer(waits, *person),
                step.comment_required,
                form,
            )
        )
    return found
