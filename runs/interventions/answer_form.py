"""The form that answers an intervention on a run's page."""

from __future__ import annotations

from typing import Any

from django import forms

from runs.form_fields import JsonField
from runs.machine.limits import NOTE_LENGTH_MAX

NOTE_REQUIRED = ("resolve", "abandon")


class AnswerForm(forms.Form):
    """One answer to an intervention, out of those that `answers` allows."""

    answer = forms.ChoiceField()
    note = forms.CharField(
        max_length=NOTE_LENGTH_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"}),
    )
    patch = JsonField(needs_object=True, required=False)
    output = JsonField(needs_object=True, required=False)

    def __init__(self, *args: Any, answers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.ChoiceField(
            choices=[(answer, answer) for answer in answers],
            error_messages={"required": "Choose an answer.", "invalid_choice": "This is no longer possible."},
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("answer") in NOTE_REQUIRED and not data.get("note", "").strip():
            self.add_error("note", "Say what was done, and why. It is kept in the journal.")
        return data
