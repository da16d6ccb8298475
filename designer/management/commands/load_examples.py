"""`manage.py load_examples`: publishes the shipped example workflows, as `up` does at each start."""

from __future__ import annotations

from typing import Any

from config.lib.commands import SagaboardCommand
from designer.services.workflows import sync_patterns


class Command(SagaboardCommand):
    help = "Publishes the example workflows that are new or have changed; workflows of your own stay."

    def handle(self, *args: Any, **options: Any) -> None:
        published = sync_patterns()
        for version in published:
            self.stdout.write(f"{version.workflow.name}: version {version.number}")
        if not published:
            self.stdout.write("There is nothing new to publish.")
