"""Forms on the pages of workflows. They check what was typed and call a service."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from designer import patterns, services
from designer.document import TITLE_LENGTH_MAX
from designer.errors import DocumentRefused, StaleDraft
from designer.models import Workflow

NAME_LENGTH_MAX = 63
NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


class NewWorkflowForm(forms.Form):
    """A new draft: empty, or a copy of a shipped pattern. Without a name it gets one from its title."""

    title = forms.CharField(max_length=TITLE_LENGTH_MAX, widget=forms.TextInput({"class": "input"}))
    name = forms.CharField(
        max_length=NAME_LENGTH_MAX, required=False, widget=forms.TextInput({"class": "input code"})
    )
    start = forms.ChoiceField(required=False, widget=forms.Select({"class": "select"}))

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
            services.save_draft(name, document, 0, user)
        except StaleDraft:
            self.add_error(field="name", error=f"There is a workflow named {name} already.")
        except DocumentRefused as error:
            self.add_error(field="name", error=error.problems[0].message)
        return self.is_valid()


def name_from(title: str) -> str:
    """A name made from a title: small letters, digits, underscores; the empty text if nothing is left."""
    return NOT_IN_NAMES.sub("_", title.lower()).lstrip("_0123456789")[:NAME_LENGTH_MAX].rstrip("_")
