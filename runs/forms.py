"""Forms about runs: what people type, checked for shape. Whether it is allowed, the engine says."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError

from runs.creation import INPUT_BYTES_MAX
from runs.exporting import FILE_BYTES_MAX
from runs.text import finite, whole

NOTE_LENGTH_MAX = 4_000
NOTE_REQUIRED = ("resolve", "abandon")


class JsonField(forms.CharField):
    """JSON typed by hand; `cleaned_data` holds the value, or None when the field is empty."""

    def __init__(self, *, rows: int = 4, needs_object: bool = False, **kwargs: Any) -> None:
        attrs = {"rows": rows, "class": "textarea code", "spellcheck": "false", "autocomplete": "off"}
        widget = forms.Textarea(attrs={**attrs, "data-bytes-max": INPUT_BYTES_MAX})
        super().__init__(widget=widget, strip=False, **kwargs)
        self.needs_object = needs_object

    def clean(self, value: str) -> Any:
        text = super().clean(value)
        if not text.strip():
            return None
        found = parse_json(text)
        if self.needs_object and not isinstance(found, dict):
            raise ValidationError('This must be a JSON object, such as {"key": 1}.')
        return found


def parse_json(text: str) -> Any:
    """The JSON value in `text`; a ValidationError says where it is broken."""
    size = len(text.encode())
    if size > INPUT_BYTES_MAX:
        raise ValidationError(f"This is {size:,} bytes long; the limit is {INPUT_BYTES_MAX:,}. Shorten it.")
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=whole, parse_float=finite)
    except json.JSONDecodeError as error:
        message = f"Line {error.lineno}, column {error.colno}: {error.msg}. This is not JSON yet."
        raise ValidationError(message) from error
    except RecursionError as error:
        raise ValidationError("This is nested too deeply. Flatten it.") from error
    except ValueError as error:
        raise ValidationError(f"This is not JSON yet: {error}.") from error


class FileForm(forms.Form):
    """A run's file; what is in it `runs.importing` looks at."""

    file = forms.FileField(
        error_messages={"required": "Choose a file, or drop one here.", "empty": "The file is empty."},
        widget=forms.FileInput({"class": "file-input", "accept": ".json"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > FILE_BYTES_MAX:
            limit = f"{FILE_BYTES_MAX // 1_000_000} MB"
            raise ValidationError(f"The file has {file.size:,} bytes; the limit is {limit}.")
        return file


def as_text(value: Any) -> str:
    """A JSON value as people edit it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _refuse_constant(name: str) -> NoReturn:
    raise ValidationError(f"{name} is not a JSON value. Use a number or null.")


class StartForm(forms.Form):
    """The input of a new run. `key` makes a form that is sent twice start one run."""

    input = JsonField(rows=16, needs_object=True, required=False)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class CancelForm(forms.Form):
    mode = forms.ChoiceField(choices=[("compensate", "compensate"), ("abandon", "abandon")])


class ApprovalForm(forms.Form):
    decision = forms.ChoiceField(choices=[("approve", "approve"), ("reject", "reject")])
    comment = forms.CharField(max_length=NOTE_LENGTH_MAX, required=False)


class SignalForm(forms.Form):
    name = forms.CharField(max_length=80)
    payload = JsonField(required=False, label="Data that comes with it")


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
