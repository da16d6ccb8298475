"""Orders."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=40, default="new")
    placed_by = models.ForeignKey("auth.User", on_delete=models.PROTECT, null=True)

    class Meta:
        app_label = "shop"

    def __str__(self) -> str:
        return self.number
