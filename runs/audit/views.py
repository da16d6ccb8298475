"""The audit in the admin: the newest acts of a time span as a page, all of them as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import islice

from asgiref.sync import sync_to_async
from django import forms
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.timezone import make_aware
from django.views.decorators.http import require_safe

from config.accounts.permissions import for_operators
from runs.audit import audit
from runs.store import reader

SHOWN_MAX = 200
DAYS_SHOWN = 7
ROWS_PER_CHUNK = 200
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
FILES = {"csv": audit.as_csv, "json": audit.as_json}
UNPROCESSABLE = 422


class SpanForm(forms.Form):
    """Days of UTC, both included."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date", "class": "input input-sm"}))
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date", "class": "input input-sm"}))

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", "This is before the first day.")
        return data

    @property
    def span(self) -> tuple[datetime, datetime]:
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        end = until + timedelta(days=1) if until.toordinal() < datetime.max.toordinal() else until
        return make_aware(datetime.combine(since, time())), make_aware(datetime.combine(end, time()))


class ExportForm(SpanForm):
    format = forms.ChoiceField(choices=[("csv", "csv"), ("json", "json")])


def _last_days() -> dict[str, str]:
    today = reader.now().date()
    return {"since": str(today - timedelta(days=DAYS_SHOWN - 1)), "until": str(today)}


@require_safe
@for_operators
def audit_page(request: HttpRequest) -> HttpResponse:
    form = SpanForm(request.GET if "since" in request.GET else _last_days())
    lines = audit.latest(*form.span, SHOWN_MAX, request.user) if form.is_valid() else []
    context = {"title": "Audit", "form": form, "lines": lines, "most": SHOWN_MAX}
    return render(
        request, "admin/interventions/audit.html", context, status=UNPROCESSABLE if form.errors else 200
    )


@require_safe
@for_operators
def audit_export(request: HttpRequest) -> HttpResponseBase:
    """All acts of a time span as a file, read from the database while it is sent."""
    form = ExportForm(request.GET)
    if not form.is_valid():
        context = {"title": "Audit", "form": form, "lines": [], "most": SHOWN_MAX}
        return render(request, "admin/interventions/audit.html", context, status=UNPROCESSABLE)
    kind = form.cleaned_data["format"]
    content = _chunked(FILES[kind](audit.lines(*form.span, request.user)))
    response = StreamingHttpResponse(_streamed(request, content), content_type=TYPES[kind])
    name = f"audit-{form.cleaned_data['since']}-{form.cleaned_data['until']}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _chunked(parts: Iterator[bytes]) -> Iterator[bytes]:
    while chunk := b"".join(islice(parts, ROWS_PER_CHUNK)):
        yield chunk


def _streamed(request: HttpRequest, content: Iterator[bytes]) -> Iterable[bytes] | AsyncIterator[bytes]:
    """Under ASGI, reads a chunk in a thread when the last one is sent; Django would read all before."""
    return _read_in_threads(content) if isinstance(request, ASGIRequest) else content


async def _read_in_threads(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    next_chunk = sync_to_async(lambda: next(content, b""))
    while chunk := await next_chunk():
        yield chunk
