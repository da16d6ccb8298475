"""What the admin's lists of runs have in common: each is read by an index, however many rows there are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from config.access import ForRole
from runs.pages import is_uuid

ROWS_PER_PAGE = 50
COUNTED_MAX = 2_000
OF_RUN = "run__id__exact"

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    Pages = Paginator[Any]
else:
    ModelAdmin, Pages = admin.ModelAdmin, Paginator


class FirstPages(Pages):
    """Pages of the first COUNTED_MAX rows; to count millions takes longer than to show some of them."""

    @cached_property
    def counted(self) -> int:
        return cast("QuerySet[Any]", self.object_list)[: COUNTED_MAX + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNTED_MAX)

    @property
    def is_more(self) -> bool:
        return self.counted > COUNTED_MAX


class LookedAt(ForRole, ModelAdmin):
    """Nothing is added, changed or deleted here."""

    list_per_page = ROWS_PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = FirstPages


class OfRun(LookedAt):
    """Rows that belong to a run. Among those of all runs only the newest and a run's are looked for.

    `within_run`: the filters, and the columns to search in, of a list of one run's rows; `place` orders it.
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
        """Django's own way would compare ids as texts, row by row."""
        if is_of_run(request) or not search_term:
            return super().get_search_results(request, queryset, search_term)
        text = search_term.strip()
        return (queryset.filter(run_id=text) if is_uuid(text) else queryset.none()), False

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return ["run_id", self.place] if is_of_run(request) or request.GET.get(SEARCH_VAR) else ["-pk"]

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        return list(map(str, self.get_list_display(request))) if is_of_run(request) else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("run__input", "run__state")


def is_of_run(request: HttpRequest) -> bool:
    return OF_RUN in request.GET
