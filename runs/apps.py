"""Configuration of the app of runs."""

from django.apps import AppConfig

from config.telemetry import options


class RunsConfig(AppConfig):
    name = "runs"
    verbose_name = "Runs"

    def ready(self) -> None:
        # These modules import models, which are there only now.
        from runs.delivery import data_only
        from runs.lists import panels
        from runs.live import access
        from runs.proof import certificates
        from runs.proof import panels as proof_panels
        from runs.queries import named
        from runs.saved_tests import service as saved_tests

        if options.TRACES:  # before processes are forked, which then have it loaded
            from config.telemetry import provider  # noqa: F401

        data_only.forbid_pickle()
        access.listen()
        panels.draw_all()
        proof_panels.draw_all()
        named.name_addresses()
        certificates.guard_publishing()
        saved_tests.guard_publishing()
