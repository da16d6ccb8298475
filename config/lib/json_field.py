"""The column for JSON of every model: what is read back equals what was stored, numbers with their types."""

from __future__ import annotations

from typing import Any

from django.db import models

from config.lib.json import StoredJson


class JSONField(models.JSONField):
    """Django's field with `StoredJson`. In migrations it is Django's own, as the columns are the same."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"encoder": StoredJson, **options})

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return (
            name,
            "django.db.models.JSONField",
            args,
            {key: options[key] for key in options if key != "encoder"},
        )
