"""App config of the designer."""

from django.apps import AppConfig


class DesignerConfig(AppConfig):
    name = "designer"
    verbose_name = "Workflows"

    def ready(self) -> None:
        from designer.services import folder_rights  # imports models, which are there only now

        folder_rights.name_addresses()
