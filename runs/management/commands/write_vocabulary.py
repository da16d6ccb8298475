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
from designer.expressions.functions import catalog
from runs.machine import vocabulary

Sources = tuple[Callable[[], dict[str, Any]], ...]

PATH = Path("designer/frontend/src/shared/vocabulary.json")
FUNCTIONS_PATH = Path("designer/frontend/src/shared/functions.json")
SOURCES: Sources = (kinds.vocabulary, vocabulary.vocabulary)
FILES: dict[Path, Sources] = {PATH: SOURCES, FUNCTIONS_PATH: (catalog.vocabulary,)}
"""The functions of expressions are a file of their own, which only the editor of expressions loads."""


class Command(SagaboardCommand):
    help = "Writes the statuses, words, limits and functions that the scripts of the pages read."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is stale")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        for name, sources in FILES.items():
            path = settings.BASE_DIR / name
            text = as_text(sources)
            is_current = path.exists() and path.read_text(encoding="utf-8") == text
            if check and not is_current:
                raise CommandError(
                    f"{name} is stale: run `make front`, which writes it and builds the scripts"
                )
            if not is_current:
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"{name} is written.")


def as_text(sources: Sources) -> str:
    """What all sources say, in their order. Raises ValueError where two of them say the same."""
    merged: dict[str, Any] = {}
    for source in sources:
        said = source()
        if repeated := merged.keys() & said.keys():
            raise ValueError(f"two sources of the vocabulary say {', '.join(sorted(repeated))}")
        merged |= said
    return json.dumps(merged, indent=2, ensure_ascii=False) + "\n"
