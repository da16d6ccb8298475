"""The app of accounts, commands and wiring."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_migrate


class AccountsConfig(AppConfig):
    name = "config.accounts"
    label = "config"  # of tables and permissions
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from config.accounts import roles

        post_migrate.connect(roles.make_groups, sender=self)
        m2m_changed.connect(roles.follow_groups, sender=User.groups.through)
