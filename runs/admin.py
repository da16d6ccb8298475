"""The admin: runs, steps, journal and worker processes, read only; pages and policies of interventions.

Only the engine writes runs; the operations on a run are on its page. The tables have millions of rows, so
lists neither count nor search beyond what an index gives.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.accounts.permissions import Act, ForRole
from config.lib.secrets import mask_secrets
from designer.services.folder_rights import seen
from runs.audit import views
from runs.interventions import bulk_views
from runs.interventions.admin_views import INTERVENTION_VIEWS, intervention_detail, intervention_list
from runs.models import IS_LISTED, CasePolicy, Intervention, JournalEntry, Run, StepRun, WorkerProcess
from runs.queries.runs import load
from runs.queries.steps import is_uuid

ROWS_PER_PAGE = 50
COUNTED_MAX = 2_000
JSON_SHOWN_MAX = 20_000
SHORT_ID_LENGTH = 8
OF_RUN = "run__id__exact"

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    Pages = Paginator[Any]
else:
    ModelAdmin, Pages = admin.ModelAdmin, Paginator


class BoundedPaginator(Pages):
    """Pages of the first COUNTED_MAX rows: counting millions takes longer than showing some of them."""

    @cached_property
    def counted(self) -> int:
        return cast("QuerySet[Any]", self.object_list)[: COUNTED_MAX + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNTED_MAX)

    @property
    def is_more(self) -> bool:
        return self.counted > COUNTED_MAX


class ReadOnlyAdmin(ForRole, ModelAdmin):
    """Lists and shows; nothing is added, changed or deleted."""

    list_per_page = ROWS_PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator


class RunRowsAdmin(ReadOnlyAdmin):
    """Rows that belong to runs. The list of all of them shows the newest and finds those of one run.

    `within_run`: the filters and the columns to search in, `place` the order, of the list of one run's rows.
    The column `of` links to the run's page.
    """

    list_select_related = ["run"]
    search_help_text = "The id of a run; among the rows of one run, any part of a name."
    place = "name"
    within_run: tuple[list[str], list[str]] = [], []

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return self.within_run[0] if is_of_run(request) else []

    def get_search_fields(self, request: HttpRequest) -> list[Any]:
        return self.within_run[1] if is_of_run(request) else [OF_RUN]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Compares an id as an id; Django would cast that of each row to text."""
        if is_of_run(request) or not search_term:
            return super().get_search_results(request, queryset, search_term)
        text = search_term.strip()
        return (queryset.filter(run_id=text) if is_uuid(text) else queryset.none()), False

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return ["run_id", self.place] if is_of_run(request) or request.GET.get(SEARCH_VAR) else ["-pk"]

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        return list(map(str, self.get_list_display(request))) if is_of_run(request) else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = seen(super().get_queryset(request), request.user, "run__workflow_name")
        return rows.defer("run__input", "run__state")

    @admin.display(description="run", ordering="run_id")
    def of(self, row: Any) -> SafeString:
        return page_link(row.run_id, str(row.run))


def is_of_run(request: HttpRequest) -> bool:
    """Whether a list shows the rows of one run."""
    return OF_RUN in request.GET


def page_link(run_id: UUID, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("run-detail", args=[run_id]), text)


def json_html(value: Any) -> SafeString:
    """Returns a value as JSON with secrets masked, cut at JSON_SHOWN_MAX characters."""
    text = mask_secrets(json.dumps(value, indent=2, ensure_ascii=False))
    more = "" if len(text) <= JSON_SHOWN_MAX else f"\n… {len(text) - JSON_SHOWN_MAX:,} characters more"
    return format_html("<pre>{}{}</pre>", text[:JSON_SHOWN_MAX], more)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = [
        "name",
        "status",
        "progress",
        "created_at",
        "finished_at",
        "starter",
        "page",
    ]
    list_filter = ["status", "trial", "created_at"]
    list_select_related = ["started_by"]
    sortable_by: ClassVar[list[str]] = []
    search_fields = ["id"]  # only shows the search box; `get_search_results` does the search
    search_help_text = "An id; the name of a workflow; or that and, after a space, an idempotency key."
    exclude = ["state", "input", "error", "labels", "started_by"]
    readonly_fields = ["page", "starter", "rows", "labels_text", "input_text", "error_text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """The list leaves out runs of bodies; their own pages are linked from the runs around them."""
        runs = seen(super().get_queryset(request), request.user).defer("state")
        is_list = request.resolver_match is None or request.resolver_match.url_name == "runs_run_changelist"
        return runs.filter(IS_LISTED) if is_list else runs

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """Compares whole values, for which there are indexes."""
        name, _, key = search_term.strip().partition(" ")
        if is_uuid(name):
            return queryset.filter(pk=name), False
        runs = queryset.filter(workflow_name=name) if name else queryset
        return runs.filter(idempotency_key=key.strip()) if key else runs, False

    @admin.display(description="run", ordering="workflow_name")
    def name(self, run: Run) -> str:
        return f"{run.workflow_name} …{run.pk.hex[-SHORT_ID_LENGTH:]}"

    @admin.display(description="ended")
    def progress(self, run: Run) -> str:
        return f"{run.done} of {run.total}"

    @admin.display(description="page")
    def page(self, run: Run) -> SafeString:
        return page_link(run.pk, "Open")

    @admin.display(description="rows")
    def rows(self, run: Run) -> SafeString:
        models = {"steprun": "steps", "journalentry": "journal", "intervention": "interventions"}
        rows_of_run = '<a href="{}?run__id__exact={}">{}</a>'
        links = [
            format_html(rows_of_run, reverse(f"admin:runs_{model}_changelist"), run.pk, text)
            for model, text in models.items()
        ]
        return format_html("{} · {} · {}", *links)

    @admin.display(description="labels")
    def labels_text(self, run: Run) -> SafeString:
        return json_html(run.labels)

    @admin.display(description="input")
    def input_text(self, run: Run) -> SafeString:
        return json_html(load(run.pk)[1].input)

    @admin.display(description="error")
    def error_text(self, run: Run) -> SafeString:
        return json_html(run.error)


@admin.register(StepRun)
class StepRunAdmin(RunRowsAdmin):
    list_display = ["name", "status", "undo", "attempt", "undo_attempt", "of", "started_at", "finished_at"]
    within_run = ["status", "undo"], ["name", "process"]
    exclude = ["state", "error"]
    readonly_fields = ["of", "error_text"]

    @admin.display(description="error")
    def error_text(self, step: StepRun) -> SafeString:
        return json_html(step.error)


@admin.register(JournalEntry)
class JournalEntryAdmin(RunRowsAdmin):
    list_display = ["seq", "type", "step", "attempt", "status", "at", "of"]
    place = "seq"
    within_run = [], ["step", "type"]
    exclude = ["data", "payload"]
    readonly_fields = ["of", "data_text", "payload_text"]

    @admin.display(description="data")
    def data_text(self, entry: JournalEntry) -> SafeString:
        return json_html(entry.data)

    @admin.display(description="payload")
    def payload_text(self, entry: JournalEntry) -> SafeString:
        return json_html(entry.payload)


@admin.register(WorkerProcess)
class WorkerProcessAdmin(ReadOnlyAdmin):
    list_display = ["id", "host", "pid", "queues", "lacks", "started_at", "seen_at"]
    list_filter = ["host"]
    search_fields = ["id", "host"]


@admin.register(Intervention)
class InterventionAdmin(ForRole, ModelAdmin):
    """Has pages of its own instead of Django's list and forms."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(intervention_list), name="runs_intervention_changelist"),
            path("causes/", wrap(bulk_views.cause_list), name="runs_intervention_causes"),
            path("causes/<slug:key>/", wrap(bulk_views.cause_detail), name="runs_intervention_cause"),
            path("batches/<uuid:batch>/", wrap(bulk_views.batch_detail), name="runs_intervention_batch"),
            path(
                "batches/<uuid:batch>/live/", wrap(bulk_views.batch_live), name="runs_intervention_batch_live"
            ),
            path("batches/<uuid:batch>/rest/", wrap(bulk_views.batch_rest), name="runs_intervention_rest"),
            path("audit/", wrap(views.audit_page), name="runs_intervention_audit"),
            path("audit/export/", wrap(views.audit_export), name="runs_intervention_audit_export"),
            path("<int:intervention_id>/change/", wrap(intervention_detail), name="runs_intervention_change"),
            *(
                path(f"<int:intervention_id>/{name}/", wrap(view), name=f"runs_intervention_{name}")
                for name, view in INTERVENTION_VIEWS.items()
            ),
        ]


@admin.register(CasePolicy)
class CasePolicyAdmin(ForRole, ModelAdmin):
    changes: Act | None = "administer"
    list_display = ["__str__", "severity", "due_minutes", "second_person"]
    list_filter = ["severity", "second_person"]
    search_fields = ["workflow"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CasePolicy]:
        return seen(super().get_queryset(request), request.user, "workflow")
