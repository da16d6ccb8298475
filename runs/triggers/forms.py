"""Forms that create and change triggers. The service validates; its problems appear at their fields.

A form shows the fields of `first`; the others stand folded below them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms

from designer.document.limits import EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX
from designer.models import Workflow
from runs.errors import BadInput
from runs.form_fields import JsonField, as_text
from runs.machine.limits import (
    ANSWER_WAIT_S_MAX,
    CRON_LENGTH_MAX,
    DELIVERY_LENGTH_MAX,
    FOLDER_LENGTH_MAX,
    PATTERN_LENGTH_MAX,
    PRIORITY_MAX,
    PRIORITY_STANDARD,
    TRIGGER_NAME_LENGTH_MAX,
    TRIGGER_WHEN_LENGTH_MAX,
    ZONE_LENGTH_MAX,
)
from runs.models import Trigger
from runs.triggers import service
from runs.triggers.incoming.verification import SECRETS_MAX, TOLERANCE_S
from runs.triggers.schedules.times import EVERY_S_MAX, EVERY_S_MIN, zones
from runs.triggers.spec import TriggerSpec, spec_of

TEXT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
HEADERS_CHARS_MAX = 2_000
NAMED = {"before": "prefix"}  # where a form has another name for it
NAMES = re.compile(r"[,\s]+")
SCHEMES = [
    ("", "By nothing but its address"),
    ("github", "GitHub: X-Hub-Signature-256"),
    ("stripe", "Stripe: Stripe-Signature"),
    ("slack", "Slack: X-Slack-Signature"),
    ("standard-webhooks", "Standard Webhooks: webhook-signature"),
    ("hmac", "Another signature (HMAC) in a header"),
    ("basic", "User and password (Basic)"),
]
OVERLAPS = [
    ("allow", "Start all the same"),
    ("skip", "Start nothing this time"),
    ("queue", "Wait until it has ended"),
    ("cancel_oldest", "Cancel it, then start"),
]
MISFIRES = [
    ("once", "Start once for all of them"),
    ("skip", "Start none of them"),
    ("all", "Start each of them"),
]
HMAC_FIELDS = ("header", "algorithm", "encoding", "before", "timestamp_header")


def _text(length: int, example: str, label: str, help: str = "", required: bool = False) -> forms.CharField:
    attrs = TEXT | {"placeholder": example}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(max_length=length, required=required, widget=widget, label=label, help_text=help)


def _number(
    least: int, most: int, label: str, help: str = "", initial: int | None = None
) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=least,
        max_value=most,
        initial=initial,
        required=False,
        label=label,
        help_text=help,
        widget=forms.NumberInput({"class": "input"}),
    )


def _choice(choices: list[tuple[str, str]], label: str, help: str = "") -> forms.ChoiceField:
    widget = forms.Select({"class": "select"})
    return forms.ChoiceField(
        choices=choices,
        initial=choices[0][0],
        required=False,
        widget=widget,
        label=label,
        help_text=help,
    )


def _when(names: str) -> forms.CharField:
    return _text(
        TRIGGER_WHEN_LENGTH_MAX,
        "",
        "Only when (optional)",
        f"An expression that reads {names}; what else comes starts nothing.",
    )


def _map(names: str, example: str) -> JsonField:
    help = f"An object, such as {example}; expressions in it read {names}."
    return JsonField(
        rows=3,
        needs_object=True,
        required=False,
        label="Make the input by this map (optional)",
        help_text=help,
    )


class TriggerForm(forms.Form):
    """The form of one kind of trigger. Each has a name and a priority; left empty, the standard one."""

    kind = ""
    first: ClassVar[tuple[str, ...]] = ()
    places: ClassVar[dict[str, str]] = {}
    """Fields at which problems of other paths are shown."""
    name = _text(TRIGGER_NAME_LENGTH_MAX, "", "Name (optional)")
    priority = _number(
        0, PRIORITY_MAX, f"Priority of its runs (0 to {PRIORITY_MAX})", initial=PRIORITY_STANDARD
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, auto_id=f"id_{self.kind}_%s", **options)

    def first_fields(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.first)

    def more_fields(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.fields if name not in self.first)

    @property
    def shows_more(self) -> bool:
        """Whether a folded field says something that is not the standard."""
        return any(field.errors or field.name in self.stated for field in self.more_fields())

    @property
    def stated(self) -> set[str]:
        """The fields that say something that is not the standard."""
        standard = {name: field.initial for name, field in self.fields.items()}
        return {
            name
            for name in self.fields
            if (value := self[name].value()) and str(value) != str(standard[name])
        }

    def create(self, workflow: Workflow, user: Any) -> tuple[Trigger, str] | None:
        """Creates a trigger; returns it and a webhook's token, or None with the errors in the form."""
        created: tuple[Trigger, str] | None = self._do(
            lambda: service.create(workflow, self.kind, self.spec(), user)
        )
        return created

    def change(self, trigger: Trigger, user: Any) -> Trigger | None:
        """Changes a trigger; returns None with the errors in the form."""
        changed: Trigger | None = self._do(lambda: service.change(trigger, user, **self._changes(trigger)))
        return changed

    def _changes(self, trigger: Trigger) -> dict[str, Any]:
        before, after = asdict(spec_of(trigger)), asdict(self.spec())
        del after["is_enabled"]
        return {name: value for name, value in after.items() if _plain(value) != _plain(before[name])}

    def _do(self, act: Any) -> Any:
        if not self.is_valid():
            return None
        try:
            return act()
        except BadInput as error:
            self._add_problems(error)
            return None

    def clean_priority(self) -> int:
        priority: int | None = self.cleaned_data["priority"]
        return PRIORITY_STANDARD if priority is None else priority

    def clean_map(self) -> dict[str, Any]:
        return self.cleaned_data["map"] or {}

    def spec(self) -> TriggerSpec:
        return TriggerSpec(**self.cleaned_data)

    def _add_problems(self, error: BadInput) -> None:
        for problem in error.problems:
            path, message = problem["path"], problem["message"]
            place = next((self.places[start] for start in self.places if path.startswith(start)), path)
            if place in self.fields:
                self.add_error(place, message if place == path else f"{path}: {message}")
            else:
                field = "input" if "input" in self.fields else None
                self.add_error(field, f"{path}: {message}")
        if not error.problems:
            self.add_error(None, str(error))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


class EventForm(TriggerForm):
    kind = "event"
    first = ("event_type",)
    places = {"map.": "map"}
    event_type = _text(
        EVENT_TYPE_LENGTH_MAX,
        "order.placed",
        "Type of the event",
        "order.* takes all types that begin with order.",
        True,
    )
    when = _when("event")
    map = _map("event", '{"order": "=event.data.id"}')
    input_key = _text(
        NAME_LENGTH_MAX,
        "",
        "Put the whole event under this key (optional)",
        "Left empty, the event’s data is the input.",
    )
    field_order = ("event_type", "name")


class HookForm(TriggerForm):
    kind = "hook"
    first = ("scheme", "secrets")
    places = {"verify.secrets": "secrets", "verify": "scheme", "map.": "map", "answer": "wait"}
    scheme = _choice(SCHEMES, "How its sender is known")
    secrets = _text(
        500,
        "github-secret",
        "Names of the secrets that it signs with",
        f"Up to {SECRETS_MAX}, each of which is accepted, so that one can be replaced.",
    )
    header = _text(100, "x-signature", "HMAC: header with the signature")
    algorithm = _choice([(name, name.upper()) for name in ("sha256", "sha512", "sha1")], "HMAC: algorithm")
    encoding = _choice([("hex", "Hexadecimal"), ("base64", "Base64")], "HMAC: written as")
    before = _text(50, "sha256=", "HMAC: what stands before it (optional)")
    timestamp_header = _text(
        100,
        "x-timestamp",
        "HMAC: header with the time (optional)",
        "Then the time, a dot and the body are signed.",
    )
    tolerance = _number(1, 86_400, "How many seconds a signature may be old", initial=TOLERANCE_S)
    username = _text(200, "shop", "Basic: the user’s name")
    when = _when("body, headers and query")
    map = _map("body, headers and query", '{"order": "=body.id"}')
    headers = _text(HEADERS_CHARS_MAX, "x-github-event", "Headers that go into the input (optional)")
    input_key = _text(
        NAME_LENGTH_MAX, "", "Put the body under this key (optional)", "Left empty, the body is the input."
    )
    delivery = _text(
        DELIVERY_LENGTH_MAX,
        "x-delivery-id, or body.id",
        "Where a delivery's own id stands (optional; GitHub's and others' are known)",
    )
    wait = _number(
        1,
        ANSWER_WAIT_S_MAX,
        "Answer with the run’s output, after so many seconds at most (optional)",
        "Left empty, it answers at once with the run’s id.",
    )
    status = _number(200, 299, "Status of that answer", initial=200)
    failed = _number(400, 599, "Status where the run fails", initial=500)

    def spec(self) -> TriggerSpec:
        values = dict(self.cleaned_data)
        given = {
            name: values.pop(name) for name in ("scheme", "secrets", *HMAC_FIELDS, "tolerance", "username")
        }
        answer = {name: value for name in ("wait", "status", "failed") if (value := values.pop(name))}
        verify = {}
        if given["scheme"]:
            taken = {"hmac": HMAC_FIELDS, "basic": ("username",)}.get(given["scheme"], ())
            verify = {NAMED.get(name, name): given[name] for name in (*taken, "tolerance") if given[name]}
            verify |= {"scheme": given["scheme"], "secrets": _names(given["secrets"])}
        values["headers"] = _names(values["headers"])
        return TriggerSpec(**values, verify=verify, answer=answer if "wait" in answer else {})


def _names(text: str) -> list[str]:
    return [name for name in NAMES.split(text) if name]


class ScheduleForm(TriggerForm):
    kind = "schedule"
    first = ("cron", "every", "at", "zone", "input")
    cron = _text(
        CRON_LENGTH_MAX,
        "0 6 * * MON-FRI",
        "Minute, hour, day of month, month, day of week",
        "Or @hourly, @daily, @weekly, @monthly, @yearly. Leave it empty for one of the next two.",
    )
    every = _number(EVERY_S_MIN, EVERY_S_MAX, "Or every so many seconds")
    at = forms.DateTimeField(
        required=False,
        label="Once at this time, or the first of the interval",
        widget=forms.DateTimeInput({"class": "input", "type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    zone = _text(ZONE_LENGTH_MAX, "Europe/Berlin", "Time zone", required=True)
    input = JsonField(rows=5, needs_object=True, required=False, label="Input of each run (JSON)")
    overlap = _choice(OVERLAPS, "When an earlier run of it is under way")
    misfire = _choice(MISFIRES, "Times that were missed while everything was down")

    def clean(self) -> dict[str, Any]:
        """Takes the time as one of the zone that is stated, as people write it."""
        values = super().clean() or {}
        at, zone = values.get("at"), values.get("zone")
        if isinstance(at, datetime) and zone in zones():
            values["at"] = at.replace(tzinfo=ZoneInfo(str(zone)))
        return values

    def spec(self) -> TriggerSpec:
        values = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        return TriggerSpec(**{**values, "input": values.get("input") or {}})


class FileForm(TriggerForm):
    kind = "file"
    first = ("folder", "pattern")
    places = {"map.": "map"}
    folder = _text(FOLDER_LENGTH_MAX, "inbox", "Folder", "Below the folder files of the data folder.", True)
    pattern = _text(PATTERN_LENGTH_MAX, "*.csv", "Only names like this (optional)")
    when = _when("file")
    map = _map("file", '{"rows": "=file.path"}')
    input_key = _text(NAME_LENGTH_MAX, "", "Put the file under this key (optional)")


class TestForm(forms.Form):
    """What a test call of a webhook brings."""

    body = JsonField(rows=5, required=False, label="Body of the call (JSON)")


FORMS: dict[str, type[TriggerForm]] = {
    form.kind: form for form in (EventForm, HookForm, ScheduleForm, FileForm)
}


def forms_for(data: Any, kind: str, sample: Any) -> dict[str, TriggerForm]:
    """A form of each kind; that of `kind` is bound to `data`."""
    blank = {"zone": "UTC", "input": as_text(sample or {})}
    return {name: form(data if name == kind else None, initial=blank) for name, form in FORMS.items()}


def form_of(trigger: Trigger, data: Any = None) -> TriggerForm:
    """The form that changes a trigger, with what it states."""
    spec = spec_of(trigger)
    values = asdict(spec) | dict(spec.verify) | dict(spec.answer)
    values |= {
        "headers": ", ".join(spec.headers),
        "secrets": ", ".join(spec.verify.get("secrets", ())),
        "map": as_text(spec.map) if spec.map else "",
        "input": as_text(spec.input),
        "before": spec.verify.get("prefix", ""),
        "at": spec.at.astimezone(ZoneInfo(spec.zone)).replace(tzinfo=None) if spec.at else None,
    }
    return FORMS[trigger.kind](data, initial=values)
