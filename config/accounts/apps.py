"""App config of accounts. Keeps the groups of the roles and `is_staff` in step by signals."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_migrate


class AccountsConfig(AppConfig):
    name = "config.accounts"
    label = "config"  # part of the names of tables and permissions in existing databases
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from config.accounts import roles

        post_migrate.connect(roles.make_groups, sender=self)
        m2m_changed.connect(roles.follow_groups, sender=User.groups.through)
