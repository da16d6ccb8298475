"""The app. Its label, and so its table, is the same under whatever name the package is installed."""

from __future__ import annotations

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = __package__
    label = "sagaboard_outbox"
    verbose_name = "Sagaboard outbox"
    default_auto_field = "django.db.models.BigAutoField"
