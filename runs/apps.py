"""Configuration of the app of runs."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "runs"
    verbose_name = "Runs"

    def ready(self) -> None:
        # These modules import models, which are there only now.
        from runs.delivery import data_only
        from runs.lists import panels
        from runs.live import access

        data_only.forbid_pickle()
        access.listen()
        panels.draw_all()
