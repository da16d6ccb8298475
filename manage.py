#!/usr/bin/env python
"""Command line of Sagaboard."""

from __future__ import annotations

import gc
import os
import sys

from django.core.management import execute_from_command_line

from config.installation import version
from config.lib.errors import ConfigError

OBJECTS_BETWEEN_COLLECTIONS = 50_000, 20, 50  # of Python's 700, 10, 10: loading is an eighth faster


def main() -> None:
    gc.set_threshold(*OBJECTS_BETWEEN_COLLECTIONS)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:] in (["version"], ["--version"]):  # without settings, which would make a data folder
        return print(version())
    try:
        execute_from_command_line(sys.argv)
    except ConfigError as error:
        sys.exit(refuse(error))


def refuse(error: ConfigError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
