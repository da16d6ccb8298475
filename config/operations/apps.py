"""App config of operations. It has commands and no models."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "config.operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from config.operations.projects import host_project

        host_project.begin()
