"""Forms that create triggers. `runs.triggers.service` validates; its problems appear at their fields."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from designer.document.limits import EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX
from designer.models import Workflow
from runs.errors import BadInput
from runs.form_fields import JsonField, as_text
from runs.machine.limits import (
    CRON_LENGTH_MAX,
    DELIVERY_LENGTH_MAX,
    PRIORITY_MAX,
    PRIORITY_STANDARD,
    ZONE_LENGTH_MAX,
)
from runs.models import Trigger
from runs.triggers import service
from runs.triggers.service import TriggerSpec

TEXT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
HEADERS_CHARS_MAX = 2_000


def _text(length: int, example: str, required: bool = False, **more: str) -> forms.CharField:
    attrs = TEXT | {"placeholder": example} | more
    return forms.CharField(max_length=length, required=required, widget=forms.TextInput(attrs=attrs))


class TriggerForm(forms.Form):
    """The form of one kind of trigger. Each has a priority; left empty, the standard one."""

    kind = ""
    priority = forms.IntegerField(
        min_value=0,
        max_value=PRIORITY_MAX,
        initial=PRIORITY_STANDARD,
        required=False,
        widget=forms.NumberInput({"class": "input"}),
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, auto_id=f"id_{self.kind}_%s", **options)

    def create(self, workflow: Workflow, user: Any) -> tuple[Trigger, str] | None:
        """Creates a trigger; returns it and a webhook's token, or None with the errors in the form."""
        if not self.is_valid():
            return None
        try:
            return service.create(workflow, self.kind, self.spec(), user)
        except BadInput as error:
            self._add_problems(error)
            return None

    def clean_priority(self) -> int:
        priority: int | None = self.cleaned_data["priority"]
        return PRIORITY_STANDARD if priority is None else priority

    def spec(self) -> TriggerSpec:
        return TriggerSpec(**self.cleaned_data)

    def _add_problems(self, error: BadInput) -> None:
        for problem in error.problems:
            path, message = problem["path"], problem["message"]
            if path in self.fields:
                self.add_error(path, message)
            else:
                field = "input" if "input" in self.fields else None
                self.add_error(field, f"{path}: {message}")
        if not error.problems:
            self.add_error(None, str(error))


class EventForm(TriggerForm):
    kind = "event"
    event_type = _text(EVENT_TYPE_LENGTH_MAX, "order.placed", required=True)
    input_key = _text(NAME_LENGTH_MAX, "")


class HookForm(TriggerForm):
    kind = "hook"
    headers = _text(HEADERS_CHARS_MAX, "x-github-event")
    input_key = _text(NAME_LENGTH_MAX, "")
    delivery = _text(DELIVERY_LENGTH_MAX, "x-delivery-id, or body.id")

    def spec(self) -> TriggerSpec:
        names = [name for name in re.split(r"[,\s]+", self.cleaned_data["headers"]) if name]
        return TriggerSpec(**self.cleaned_data | {"headers": names})


class ScheduleForm(TriggerForm):
    kind = "schedule"
    cron = _text(CRON_LENGTH_MAX, "0 6 * * MON-FRI", required=True)
    zone = _text(ZONE_LENGTH_MAX, "Europe/Berlin", required=True)
    input = JsonField(rows=5, needs_object=True, required=False)

    def spec(self) -> TriggerSpec:
        return TriggerSpec(**self.cleaned_data | {"input": self.cleaned_data["input"] or {}})


FORMS: dict[str, type[TriggerForm]] = {form.kind: form for form in (EventForm, HookForm, ScheduleForm)}


def forms_for(data: Any, kind: str, sample: Any) -> dict[str, TriggerForm]:
    """A form of each kind; that of `kind` is bound to `data`."""
    blank = {"zone": "UTC", "input": as_text(sample or {})}
    return {name: form(data if name == kind else None, initial=blank) for name, form in FORMS.items()}
