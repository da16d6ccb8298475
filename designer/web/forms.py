"""Forms on the pages of workflows. They check what was typed and call a service."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from designer import patterns
from designer.document.limits import DOCUMENT_BYTES_MAX, NAME_LENGTH_MAX, TITLE_LENGTH_MAX
from designer.errors import DocumentRefused, FormatError, StaleDraft
from designer.formats.uploads import read_workflow
from designer.models import Workflow
from designer.services import workflows

NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


class NewWorkflowForm(forms.Form):
    """A new draft: empty, or a copy of a shipped pattern. Without a name it gets one from its title."""

    title = forms.CharField(max_length=TITLE_LENGTH_MAX, widget=forms.TextInput({"class": "input"}))
    name = forms.CharField(
        max_length=NAME_LENGTH_MAX, required=False, widget=forms.TextInput({"class": "input code"})
    )
    start = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patterns = {document["name"]: document for document in patterns.load()}
        titles = [(name, document.get("title") or name) for name, document in self.patterns.items()]
        field = self.fields["start"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Nothing: an empty canvas"), *titles]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        found["name"] = found.get("name") or name_from(found.get("title", ""))
        return found

    def create(self, user: Any) -> bool:
        """Stores the draft; False, with an error at the name, when it cannot be kept under that name."""
        name = self.cleaned_data["name"]
        start = self.patterns.get(self.cleaned_data["start"], {"schema": 1})
        document = {**start, "name": name, "title": self.cleaned_data["title"]}
        try:
            if Workflow.objects.filter(name=name).exists():
                raise StaleDraft({}, 0, document)
            workflows.save_draft(name, document, 0, user)
        except StaleDraft:
            self.add_error(field="name", error=f"There is a workflow named {name} already.")
        except DocumentRefused as error:
            self.add_error(field="name", error=error.problems[0].message)
        return self.is_valid()


class ImportForm(forms.Form):
    """A workflow from a file. Where its name is taken it asks for another one, or to replace that draft."""

    file = forms.FileField(
        required=False, widget=forms.FileInput({"class": "file-input", "accept": ".json,.yaml,.yml"})
    )
    file_name = forms.CharField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=NAME_LENGTH_MAX, required=False, widget=forms.TextInput({"class": "input code"})
    )
    replace = forms.BooleanField(required=False)
    taken = ""

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        try:
            self._read(found)
        except (FormatError, DocumentRefused) as error:
            self.add_error(field="file", error=str(error))
        return found

    def _read(self, found: dict[str, Any]) -> None:
        """Puts what was brought, and what it would be named, where the next answer finds it."""
        file = found.get("file")
        if file is not None:
            if file.size > DOCUMENT_BYTES_MAX:
                raise FormatError(
                    "too_large", f"a workflow may take {DOCUMENT_BYTES_MAX:,} bytes; this has {file.size:,}"
                )
            found |= {"file_name": file.name, "text": decoded(file.read())}
        if not found.get("text"):
            raise FormatError("no_file", "Choose a file, or drop one here.")
        document = read_workflow(found["file_name"], found["text"])
        written = document.get("name")
        stem = found["file_name"].rpartition(".")[0]
        found["name"] = found.get("name") or (written if isinstance(written, str) else "") or name_from(stem)
        found["document"] = {**document, "name": found["name"]}
        self.data = {key: found[key] for key in ("file_name", "text", "name")}

    def store(self, user: Any) -> bool:
        """Stores the draft; False, with an error at the name, when it cannot be kept under that name."""
        name = self.cleaned_data["name"]
        if Workflow.objects.filter(name=name).exists() and not self.cleaned_data["replace"]:
            self.add_error(
                field="name",
                error=f"There is a workflow named {name} already. Name this one otherwise, or replace it.",
            )
            self.taken = name
            return False
        try:
            workflows.import_document(self.cleaned_data["document"], user=user)
        except DocumentRefused as error:
            self.add_error(field="name", error=error.problems[0].message)
        return self.is_valid()


def decoded(content: bytes) -> str:
    """A file's text; raises `FormatError`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("unreadable", "the file is not UTF-8 text") from None


def name_from(title: str) -> str:
    """A name made from a title: small letters, digits, underscores; the empty text if nothing is left."""
    return NOT_IN_NAMES.sub("_", title.lower()).lstrip("_0123456789")[:NAME_LENGTH_MAX].rstrip("_")
