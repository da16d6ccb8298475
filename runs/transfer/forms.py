"""The form that uploads a run's file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from runs.transfer.export import FILE_BYTES_MAX


class FileForm(forms.Form):
    """A run's file, checked for its size only; `runs.transfer.import_` checks its content."""

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
