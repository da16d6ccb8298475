"""Starts of runs in the project's admin: to be seen, and those that were given up to be sent again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from .delivery import again
from .models import Start


@admin.action(description="Send again what was given up")
def send_again(model_admin: Any, request: HttpRequest, starts: Any) -> None:
    messages.success(request, f"{again(starts)} are sent again.")


@admin.register(Start)
class StartAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's own class takes no argument
    list_display = ("workflow", "key", "state", "attempts", "run", "error", "created_at")
    list_filter = ("state", "workflow")
    search_fields = ("key", "run")
    actions = (send_again,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is edited; the action asks for this right."""
        return obj is None and super().has_change_permission(request)
