"""Forms of the pages of interventions. They check shapes; what is allowed, the engine decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from designer.document.limits import NAME_LENGTH_MAX
from runs.form_fields import JsonField
from runs.interventions.service import Reply
from runs.machine.answers import OPTION
from runs.machine.limits import CAUSE_KEY_LENGTH_MAX, NOTE_LENGTH_MAX
from runs.models import INTERVENTION_KINDS, Severity

IDS_MAX = 500
TOLD_LENGTH_MAX = 10_000  # of the consequences in a hidden field


class ReplyForm(forms.Form):
    """An answer to an intervention of some `kind`, one of `answers`.

    The page of confirmation sends the form again: `told` is the text of the consequences that it showed,
    `confirmed` that the person agreed to them.
    """

    answer = forms.ChoiceField()
    note = forms.CharField(
        max_length=NOTE_LENGTH_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea min-h-0"}),
    )
    patch = JsonField(needs_object=True, required=False)
    output = JsonField(needs_object=True, required=False)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    told = forms.CharField(required=False, max_length=TOLD_LENGTH_MAX, widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, answers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["answer"] = forms.ChoiceField(
            choices=[(answer, answer) for answer in answers],
            error_messages={"required": "Choose an answer.", "invalid_choice": "This is no longer possible."},
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        answer = data.get("answer")
        if answer and OPTION[self.kind, answer].needs_note and not data.get("note", "").strip():
            self.add_error("note", "Say what was done, and why. It is kept in the journal.")
        return data

    def reply(self) -> Reply:
        data = self.cleaned_data
        field = OPTION[self.kind, data["answer"]].field
        return Reply(
            data["answer"],
            data["note"],
            (data["patch"] or None) if field == "patch" else None,
            (data["output"] or {}) if field == "output" else None,
        )

    def hidden(self) -> list[tuple[str, str]]:
        """Returns the answer as hidden fields of the next form."""
        texts = {name: str(self.data.get(name, "")) for name in ("answer", "note", "patch", "output")}
        return list(texts.items())


class ClaimForm(forms.Form):
    take_over = forms.BooleanField(required=False)


class NoteForm(forms.Form):
    text = forms.CharField(
        max_length=NOTE_LENGTH_MAX,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"}),
        error_messages={"required": "Write something first."},
    )


class PlanForm(forms.Form):
    severity = forms.ChoiceField(
        choices=Severity.choices, widget=forms.Select(attrs={"class": "select select-sm"})
    )
    due_at = forms.DateTimeField(
        required=False,
        label="Answer due (UTC)",
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "input input-sm"}, format="%Y-%m-%dT%H:%M"
        ),
    )


class ListForm(forms.Form):
    """Filters and page of the list of interventions."""

    STATES = [
        ("open", "open"),
        ("mine", "mine"),
        ("unclaimed", "unclaimed"),
        ("overdue", "overdue"),
        ("answered", "answered"),
        ("all", "all"),
    ]
    state = forms.ChoiceField(choices=STATES, required=False)
    severity = forms.ChoiceField(choices=[("", "any"), *Severity.choices], required=False)
    kind = forms.ChoiceField(choices=[("", "any"), *INTERVENTION_KINDS], required=False)
    workflow = forms.CharField(max_length=NAME_LENGTH_MAX, required=False)
    cause = forms.CharField(max_length=CAUSE_KEY_LENGTH_MAX, required=False)
    q = forms.CharField(max_length=100, required=False)
    run__id__exact = forms.UUIDField(required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)


class BulkForm(ReplyForm):
    """One answer to many interventions; `ids`: those that the page showed."""

    ids = forms.CharField(max_length=IDS_MAX * 12, widget=forms.HiddenInput)

    def clean_ids(self) -> list[int]:
        parts = self.cleaned_data["ids"].split(",")
        if not all(part.isdecimal() and len(part) < 12 for part in parts):
            raise forms.ValidationError("Reload the page: the list of cases was garbled.")
        return [int(part) for part in parts[:IDS_MAX]]
