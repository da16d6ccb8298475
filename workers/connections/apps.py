"""The Django app of connections and secrets."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "workers.connections"
    label = "connections"
    default_auto_field = "django.db.models.BigAutoField"
