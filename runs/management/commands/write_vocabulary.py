"""`manage.py write_vocabulary`: what Python says once, as JSON for the scripts of the pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from config.lib.commands import SagaboardCommand
from designer.document import kinds
from runs.machine import vocabulary

PATH = Path("designer/frontend/src/shared/vocabulary.json")
SOURCES: tuple[Callable[[], dict[str, Any]], ...] = (kinds.vocabulary, vocabulary.vocabulary)


class Command(SagaboardCommand):
    help = "Writes the statuses, words and limits that the scripts of the pages read."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is stale")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = settings.BASE_DIR / PATH
        text = as_text()
        is_current = path.exists() and path.read_text(encoding="utf-8") == text
        if check and not is_current:
            raise CommandError(f"{PATH} is stale: run `make front`, which writes it and builds the scripts")
        if not is_current:
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"{PATH} is written.")


def as_text() -> str:
    """What all sources say, in their order. Raises ValueError where two of them say the same."""
    merged: dict[str, Any] = {}
    for source in SOURCES:
        said = source()
        if repeated := merged.keys() & said.keys():
            raise ValueError(f"two sources of the vocabulary say {', '.join(sorted(repeated))}")
        merged |= said
    return json.dumps(merged, indent=2, ensure_ascii=False) + "\n"
