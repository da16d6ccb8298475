"""Imported once by the server of `config.lib.apart`: its processes begin with Django and workers loaded."""

from __future__ import annotations

import os
from contextlib import suppress

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from workers.registry import get_catalog  # noqa: E402  # needs Django
from workers.sdk.errors import WorkersError  # noqa: E402

with suppress(WorkersError):  # whoever needs a worker is told
    get_catalog()
