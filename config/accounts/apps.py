"""App config of accounts. Keeps groups of roles, `is_staff` and names of deleted people in step."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_migrate, pre_delete


class AccountsConfig(AppConfig):
    name = "config.accounts"
    label = "config"  # part of the names of tables and permissions in existing databases
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from config.accounts import former_people, roles

        post_migrate.connect(roles.make_groups, sender=self)
        m2m_changed.connect(roles.follow_groups, sender=User.groups.through)
        pre_delete.connect(former_people.keep, sender=User)
