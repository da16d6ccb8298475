#!/usr/bin/env python
"""Command line of Sagaboard."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from config.installation import version
from config.lib.errors import ConfigError


def main() -> None:
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
