"""The built scripts and styles: which files a page needs, from Vite's manifest. Builds nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders

from config.lib.caches import cached_for_process

FOLDER = "designer"
ENTRY = "src/main.ts"


class BundleMissing(Exception):
    """The scripts and styles are not built; run `make front`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def script(entry: str = ENTRY) -> str:
    """Path of an entry's script below the static root."""
    return f"{FOLDER}/{_chunk(entry)['file']}"


def styles(entry: str = ENTRY) -> list[str]:
    return [f"{FOLDER}/{name}" for name in _chunk(entry).get("css", [])]


def fonts(entry: str = ENTRY) -> list[str]:
    """The font of plain Latin letters, which every page is drawn with."""
    return [f"{FOLDER}/{name}" for name in _chunk(entry).get("assets", []) if "-latin-wght-" in name]


def needed(entries: Iterable[str]) -> list[str]:
    """Paths of the scripts of `entries` and of all that they import, each once."""
    paths: dict[str, str] = {}
    pending = list(entries)
    while pending:
        name = pending.pop()
        if name not in paths:
            paths[name] = script(name)
            pending += _chunk(name).get("imports", [])
    return list(paths.values())


def _chunk(entry: str) -> dict[str, Any]:
    read = _read.__wrapped__ if settings.DEBUG else _read
    chunk: dict[str, Any] = read()[entry]
    return chunk


@cached_for_process()
def _read() -> dict[str, Any]:
    path = finders.find(f"{FOLDER}/manifest.json")
    if not path:
        raise BundleMissing
    manifest: dict[str, Any] = json.loads(Path(path).read_bytes())
    return manifest
