"""Admin pages of workflows and versions. Read-only: `designer.services.workflows` is the only writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from config.accounts.permissions import ForRole
from designer.models import Workflow, WorkflowVersion
from designer.services.folder_rights import seen

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(ForRole, ModelAdmin):
    """Rows can be viewed by operators, and not added, changed or deleted."""


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    list_display = ["name", "title", "is_pattern", "draft_revision", "updated_at", "editor"]
    list_select_related = ["updated_by"]
    exclude = ["updated_by"]
    readonly_fields = ["editor"]
    list_filter = ["is_pattern"]
    search_fields = ["name", "title"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workflow]:
        return seen(super().get_queryset(request), request.user, "name")


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(ReadOnlyAdmin):
    list_display = ["workflow", "number", "published_at", "publisher"]
    exclude = ["published_by"]
    readonly_fields = ["publisher"]
    list_select_related = ["workflow", "published_by"]
    search_fields = ["workflow__name", "workflow__title"]
    date_hierarchy = "published_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowVersion]:
        return seen(super().get_queryset(request), request.user, "workflow__name")
