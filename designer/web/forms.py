"""Forms of the pages of workflows. They validate the input and call a service."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from designer import patterns
from designer.document.limits import DOCUMENT_BYTES_MAX, NAME_LENGTH_MAX, TITLE_LENGTH_MAX
from designer.errors import DocumentRefused, FormatError, StaleDraft, UnknownWorkflow
from designer.formats.asl.report import Report
from designer.formats.uploads import read_workflow
from designer.models import Workflow
from designer.services import queries, workflows
from designer.services.folder_rights import require_workflow

NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


class NewWorkflowForm(forms.Form):
    """A new draft: empty, or a copy of a shipped pattern. An empty name is derived from the title."""

    title = forms.CharField(max_length=TITLE_LENGTH_MAX, widget=forms.TextInput({"class": "input"}))
    name = forms.CharField(
        max_length=NAME_LENGTH_MAX, required=False, widget=forms.TextInput({"class": "input code"})
    )
    start = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patterns = {document["name"]: document for document in patterns.offered()}
        titles = [(name, document.get("title") or name) for name, document in self.patterns.items()]
        field = self.fields["start"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Nothing: an empty canvas"), *titles]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["name"] = cleaned.get("name") or name_from(cleaned.get("title", ""))
        return cleaned

    def create(self, user: Any) -> bool:
        """Stores the draft. Returns False, with an error at the field `name`, if it cannot have that name."""
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
    """A workflow from a file. If its name is taken, the person chooses another one or replaces that draft.

    The text of the file travels in hidden fields, so that it need not be chosen again for the second answer.
    """

    file = forms.FileField(
        required=False, widget=forms.FileInput({"class": "file-input", "accept": ".json,.yaml,.yml,.asl"})
    )
    file_name = forms.CharField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=NAME_LENGTH_MAX, required=False, widget=forms.TextInput({"class": "input code"})
    )
    replace = forms.BooleanField(required=False)
    accept_undo = forms.BooleanField(required=False)
    taken = ""
    report: Report | None = None

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            self._read(cleaned)
        except (FormatError, DocumentRefused) as error:
            self.add_error(field="file", error=str(error))
        return cleaned

    def _read(self, cleaned: dict[str, Any]) -> None:
        """Reads the document, and puts its text and name into the fields of the form that is shown next.

        Raises `FormatError` or `DocumentRefused`.
        """
        file = cleaned.get("file")
        if file is not None:
            if file.size > DOCUMENT_BYTES_MAX:
                raise FormatError(
                    "too_large", f"a workflow may take {DOCUMENT_BYTES_MAX:,} bytes; this has {file.size:,}"
                )
            try:
                text = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise FormatError("unreadable", "the file is not UTF-8 text") from None
            cleaned |= {"file_name": file.name, "text": text}
        if not cleaned.get("text"):
            raise FormatError("no_file", "Choose a file, or drop one here.")
        brought = read_workflow(
            cleaned["file_name"], cleaned["text"], queries.workflow_names(self.user), cleaned["accept_undo"]
        )
        document, self.report = brought.document, brought.report
        stated_name = document.get("name")
        stem = cleaned["file_name"].rpartition(".")[0]
        cleaned["name"] = (
            cleaned.get("name") or (stated_name if isinstance(stated_name, str) else "") or name_from(stem)
        )
        cleaned["document"] = {**document, "name": cleaned["name"]}
        self.data = {key: cleaned[key] for key in ("file_name", "text", "name", "accept_undo")}

    def store(self, user: Any) -> bool:
        """Stores the draft. Returns False, with an error at the field `name`, if it cannot have that name."""
        name = self.cleaned_data["name"]
        if Workflow.objects.filter(name=name).exists() and not self.cleaned_data["replace"]:
            self.add_error(
                field="name",
                error=f"There is a workflow named {name} already. Name this one otherwise, or replace it.",
            )
            self.taken = name
            return False
        try:
            require_workflow(user, "design", name)
            workflows.import_document(self.cleaned_data["document"], user=user)
        except DocumentRefused as error:
            self.add_error(field="name", error=error.problems[0].message)
        except UnknownWorkflow:  # of a folder that this person may not see
            self.taken = name
            self.add_error(
                field="name", error=f"There is a workflow named {name} already; name it otherwise."
            )
        return self.is_valid()


def name_from(title: str) -> str:
    """Derives a name from a title: small letters, digits, underscores; empty if nothing remains."""
    return NOT_IN_NAMES.sub("_", title.lower()).lstrip("_0123456789")[:NAME_LENGTH_MAX].rstrip("_")
