"""Runs, steps, journal and worker processes in the admin, to look at; `runs.caseadmin` has interventions.

`runs.engine` is the only writer; what may be done with a run stands on its page.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs import caseadmin as caseadmin  # registers its pages
from runs.adminlists import LookedAt, OfRun
from runs.models import JournalEntry, Run, StepRun, WorkerProcess
from runs.pages import is_uuid
from workers.sealing import shown

JSON_SHOWN_MAX = 20_000
SHORT_ID = 8


def page_link(run_id: UUID, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("run-detail", args=[run_id]), text)


def list_link(model: str, run_id: UUID, text: str) -> SafeString:
    """A link to the rows of one run in another list."""
    url = reverse(f"admin:runs_{model}_changelist")
    return format_html('<a href="{}?run__id__exact={}">{}</a>', url, run_id, text)


def shown_json(value: Any) -> SafeString:
    text = shown(json.dumps(value, indent=2, ensure_ascii=False))
    more = "" if len(text) <= JSON_SHOWN_MAX else f"\n… {len(text) - JSON_SHOWN_MAX:,} characters more"
    return format_html("<pre>{}{}</pre>", text[:JSON_SHOWN_MAX], more)


class RowOfRun(OfRun):
    """The column `of` leads to the run's page."""

    @admin.display(description="run", ordering="run_id")
    def of(self, row: Any) -> SafeString:
        return page_link(row.run_id, str(row.run))


@admin.register(Run)
class RunAdmin(LookedAt):
    list_display = [
        "name",
        "status",
        "progress",
        "created_at",
        "finished_at",
        "started_by",
        "page",
    ]
    list_filter = ["status", "trial", "created_at"]
    list_select_related = ["started_by"]
    sortable_by: ClassVar[list[str]] = []
    search_fields = ["id"]  # so that there is a search; what it looks for: get_search_results
    search_help_text = "An id; the name of a workflow; or that and, after a space, an idempotency key."
    exclude = ["state", "input", "error", "labels"]
    readonly_fields = ["page", "rows", "labels_text", "input_text", "error_text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        return super().get_queryset(request).defer("state")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """Whole words, as the indexes have them."""
        name, _, key = search_term.strip().partition(" ")
        if is_uuid(name):
            return queryset.filter(pk=name), False
        found = queryset.filter(workflow_name=name) if name else queryset
        return found.filter(idempotency_key=key.strip()) if key else found, False

    @admin.display(description="run", ordering="workflow_name")
    def name(self, run: Run) -> str:
        return f"{run.workflow_name} …{run.pk.hex[-SHORT_ID:]}"

    @admin.display(description="ended")
    def progress(self, run: Run) -> str:
        return f"{run.done} of {run.total}"

    @admin.display(description="page")
    def page(self, run: Run) -> SafeString:
        return page_link(run.pk, "Open")

    @admin.display(description="rows")
    def rows(self, run: Run) -> SafeString:
        models = {"steprun": "steps", "journalentry": "journal", "intervention": "interventions"}
        links = [list_link(model, run.pk, text) for model, text in models.items()]
        return format_html("{} · {} · {}", *links)

    @admin.display(description="labels")
    def labels_text(self, run: Run) -> SafeString:
        return shown_json(run.labels)

    @admin.display(description="input")
    def input_text(self, run: Run) -> SafeString:
        return shown_json(run.input)

    @admin.display(description="error")
    def error_text(self, run: Run) -> SafeString:
        return shown_json(run.error)


@admin.register(StepRun)
class StepRunAdmin(RowOfRun):
    list_display = ["name", "status", "undo", "attempt", "undo_attempt", "of", "started_at", "finished_at"]
    within_run = ["status", "undo"], ["name", "process"]
    exclude = ["state", "error"]
    readonly_fields = ["of", "error_text"]

    @admin.display(description="error")
    def error_text(self, step: StepRun) -> SafeString:
        return shown_json(step.error)


@admin.register(JournalEntry)
class JournalEntryAdmin(RowOfRun):
    list_display = ["seq", "type", "step", "attempt", "status", "at", "of"]
    place = "seq"
    within_run = [], ["step", "type"]
    exclude = ["data", "payload"]
    readonly_fields = ["of", "data_text", "payload_text"]

    @admin.display(description="data")
    def data_text(self, entry: JournalEntry) -> SafeString:
        return shown_json(entry.data)

    @admin.display(description="payload")
    def payload_text(self, entry: JournalEntry) -> SafeString:
        return shown_json(entry.payload)


@admin.register(WorkerProcess)
class WorkerProcessAdmin(LookedAt):
    list_display = ["id", "host", "pid", "queues", "lacks", "started_at", "seen_at"]
    list_filter = ["host"]
    search_fields = ["id", "host"]
