"""Looks for the static files once in a test process.

Each client of a test makes the middleware anew, which lists and reads the facts of some 200 files: that takes
longer than most pages do. A test that has files elsewhere gets a list of its own.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from config.static_files import StaticFilesMiddleware

look_for = StaticFilesMiddleware.add_files_from_finders
found: dict[Any, dict[str, Any]] = {}


def install() -> None:
    StaticFilesMiddleware.add_files_from_finders = _add_files


def _add_files(self: StaticFilesMiddleware) -> None:
    places = (str(settings.DOCS_SITE), settings.STATIC_URL, *map(str, settings.STATICFILES_DIRS))
    if places not in found:
        look_for(self)
        found[places] = dict(self.files)
    self.files.update(found[places])
