"""Forms of a run's page. They check shapes; what is allowed, the engine decides."""

from __future__ import annotations

from django import forms

from designer.document.limits import SIGNAL_LENGTH_MAX
from runs.form_fields import JsonField
from runs.machine.limits import NOTE_LENGTH_MAX, PRIORITY_MAX, PRIORITY_STANDARD


class StartForm(forms.Form):
    """The input of a new run. `key`: an idempotency key, so that a form that is sent twice starts one run."""

    input = JsonField(rows=12, needs_object=True, required=False)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    priority = forms.IntegerField(
        min_value=0,
        max_value=PRIORITY_MAX,
        initial=PRIORITY_STANDARD,
        required=False,
        widget=forms.NumberInput({"class": "input"}),
    )


class CancelForm(forms.Form):
    mode = forms.ChoiceField(choices=[("compensate", "compensate"), ("abandon", "abandon")])


class ApprovalForm(forms.Form):
    decision = forms.ChoiceField(choices=[("approve", "approve"), ("reject", "reject")])
    comment = forms.CharField(max_length=NOTE_LENGTH_MAX, required=False)


class SignalForm(forms.Form):
    name = forms.CharField(max_length=SIGNAL_LENGTH_MAX)
    payload = JsonField(required=False, label="Data that comes with it")
