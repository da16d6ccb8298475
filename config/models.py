"""What the roles' permissions hang on."""

from __future__ import annotations

from django.db import models

from config.access import ACTS


class Board(models.Model):
    """The product as a whole: it has permissions and no table."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [(act, f"May {meaning}") for act, meaning in ACTS.items()]
