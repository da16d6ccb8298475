"""The app of operations: its commands. No models."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "config.operations"
    verbose_name = "Operations"
