"""Page of a connection's OpenAPI document. Thin: `designer.services.openapi` reads, keeps and searches."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts.permissions import page_for, require
from config.lib.errors import SagaboardError
from designer.services import openapi
from workers.connections import service
from workers.connections.errors import UnknownConnection
from workers.connections.models import ADDRESS_LENGTH_MAX, ApiDocument, Connection

UNPROCESSABLE = 422


class DocumentForm(forms.Form):
    """A document by its address, or as a file."""

    url = forms.CharField(
        label="Address of the document",
        widget=forms.TextInput({"class": "input code", "spellcheck": "false"}),
        max_length=ADDRESS_LENGTH_MAX,
        required=False,
        help_text="Such as https://example.org/openapi.json, or a path below the connection’s address.",
    )
    file = forms.FileField(
        label="Or its file, JSON or YAML",
        required=False,
        widget=forms.FileInput({"class": "file-input", "accept": ".json,.yaml,.yml"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("url")) == bool(cleaned.get("file")) and not self.errors:
            raise forms.ValidationError("State an address, or choose a file.")
        return cleaned

    def give(self, name: str, user: Any) -> ApiDocument | None:
        """The document that was read; None if there is none, and the form says why."""
        if not self.is_valid():
            return None
        url, file = self.cleaned_data["url"], self.cleaned_data["file"]
        field = "url" if url else "file"
        try:
            if url:
                return openapi.give_address(name, url, user)
            return openapi.give_content(name, file.read(), file.name, user)
        except SagaboardError as error:
            self.add_error(field, str(error))
            return None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def document_detail(request: HttpRequest, name: str) -> HttpResponse:
    """Shows what was read and its operations; POST gives a document, or another one in its place."""
    if request.method == "POST":
        require(request.user, "design")
    connection = _connection(name)
    form = DocumentForm(request.POST, request.FILES) if request.method == "POST" else DocumentForm()
    given = form.give(name, request.user) if form.is_bound else None
    if given is not None:
        messages.success(
            request, f"{given} is read: {given.count:,} operations, which are in the designer now."
        )
        return redirect("document-detail", name)
    facts = {"connection": connection, "form": form, **_found(request, name)}
    return render(request, "connections/document.html", facts, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@never_cache
@page_for("design")
def document_remove(request: HttpRequest, name: str) -> HttpResponse:
    try:
        openapi.remove(name, request.user)
    except (UnknownConnection, openapi.NoDocument) as error:
        raise Http404(str(error)) from error
    messages.success(request, "The document is removed. Steps made from it stay as they are.")
    return redirect("document-detail", name)


def _connection(name: str) -> Connection:
    try:
        connection = service.find(name)
    except UnknownConnection as error:
        raise Http404(str(error)) from error
    if connection.kind != Connection.Kind.HTTP:
        raise Http404(f"{name} is no HTTP API")
    return connection


def _found(request: HttpRequest, name: str) -> dict[str, Any]:
    words, cursor = request.GET.get("q", "").strip(), request.GET.get("cursor", "")
    try:
        document = openapi.find(name)
    except openapi.NoDocument:
        return {"document": None}
    after = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 10 else None
    page, next_place = openapi.search(document, words, after)
    return {
        "document": document,
        "words": words,
        "operations": page,
        "next": next_place,
        "is_elsewhere": openapi.host_differs(document),
    }
