"""The Django app of rehearsals."""

from django.apps import AppConfig


class RehearsalConfig(AppConfig):
    name = "workers.rehearsal"
    label = "rehearsal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # These modules import models, which are there only now.
        from designer.services import before_publishing
        from workers.rehearsal import keeping, panels

        panels.draw_all()
        before_publishing.add(keeping.NotRehearsed.code, keeping.require_good)
