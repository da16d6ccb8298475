"""The form of a subscription. `runs.subscriptions.service` validates; its problems appear at their fields."""

from __future__ import annotations

from typing import Any

from django import forms

from designer.models import Workflow
from designer.services.folder_rights import seen
from runs.errors import SubscriptionRefused
from runs.machine.limits import ADDRESS_LENGTH_MAX, CONDITION_LENGTH_MAX
from runs.models import Subscription
from runs.subscriptions import service
from runs.subscriptions.events import TYPES
from runs.subscriptions.service import (
    FAILURES_MAX,
    FAILURES_MIN,
    MINUTES_MAX,
    NAME_CHARS_MAX,
    SubscriptionSpec,
)
from workers.connections.models import Secret

CHOICES_MAX = 1_000
TEXT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}


def _number(least: int, most: int, label: str) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=least, max_value=most, label=label, widget=forms.NumberInput({"class": "input"})
    )


class SubscriptionForm(forms.Form):
    """Makes a subscription, or changes one. Slack's URL is not shown; left empty, it stays."""

    name = forms.CharField(max_length=NAME_CHARS_MAX, widget=forms.TextInput(TEXT))
    kind = forms.ChoiceField(
        choices=Subscription.Kind.choices, label="By", widget=forms.Select({"class": "select"})
    )
    address = forms.CharField(
        max_length=ADDRESS_LENGTH_MAX,
        required=False,
        widget=forms.Textarea(TEXT | {"class": "textarea", "rows": "2"}),
        help_text="A URL; for e-mail, up to 20 addresses.",
    )
    secret = forms.ChoiceField(
        required=False,
        widget=forms.Select({"class": "select"}),
        help_text="Signs webhooks; with Slack it may hold the URL instead.",
    )
    types = forms.MultipleChoiceField(
        choices=[(name, f"{words[0].upper()}{words[1:]}") for name, words in TYPES.items()],
        label="Tells when",
        widget=forms.CheckboxSelectMultiple({"class": "checkbox checkbox-sm"}),
    )
    failures_n = _number(FAILURES_MIN, FAILURES_MAX, "Again and again means so many failures")
    failures_minutes = _number(1, MINUTES_MAX, "in so many minutes")
    workflow = forms.ChoiceField(required=False, widget=forms.Select({"class": "select"}))
    when = forms.CharField(
        max_length=CONDITION_LENGTH_MAX,
        required=False,
        label="Only if",
        widget=forms.TextInput(TEXT | {"placeholder": 'event.data.error.code == "card_declined"'}),
        help_text="A condition on event, with its type and data. Empty: always.",
    )

    def __init__(self, data: Any = None, subscription: Subscription | None = None, user: Any = None) -> None:
        self.subscription = subscription
        blank = SubscriptionSpec("", "webhook", ["run.failed", "run.blocked", "intervention.opened"])
        spec = service.spec_of(subscription) if subscription else blank
        initial = dict(vars(spec))
        if spec.kind == Subscription.Kind.SLACK:
            initial["address"] = ""
        super().__init__(data, initial=initial)
        workflows = seen(Workflow.objects.order_by("name"), user, "name", "design").values_list(
            "name", flat=True
        )[:CHOICES_MAX]
        secrets = Secret.objects.order_by("name").values_list("name", flat=True)[:CHOICES_MAX]
        self._choices("workflow", "all workflows", workflows.values_list("name", flat=True)[:CHOICES_MAX])
        self._choices("secret", "none", secrets)

    def _choices(self, field: str, none: str, names: Any) -> None:
        choices = [("", none), *((name, name) for name in names)]
        self.fields[field].choices = choices  # type: ignore[attr-defined]

    def save(self, user: Any) -> Subscription | None:
        """Creates or changes a subscription; None with the errors in the form."""
        if not self.is_valid():
            return None
        try:
            if self.subscription is None:
                return service.create(SubscriptionSpec(**self.cleaned_data), user)
            return service.change(self.subscription, user, **self._changes(self.subscription))
        except SubscriptionRefused as error:
            for problem in error.problems:
                self.add_error(
                    problem["path"] if problem["path"] in self.fields else None, problem["message"]
                )
            if not error.problems:
                self.add_error(None, str(error))
            return None

    def _changes(self, subscription: Subscription) -> dict[str, Any]:
        before = vars(service.spec_of(subscription))
        after = dict(self.cleaned_data)
        is_slack = subscription.kind == after["kind"] == Subscription.Kind.SLACK
        if is_slack and not after["address"] and not after["secret"]:
            after["address"] = before["address"]
        return {name: value for name, value in after.items() if value != before[name]}
