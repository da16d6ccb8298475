"""App config of accounts. Keeps groups of roles, `is_staff` and names of deleted people in step."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import m2m_changed, post_migrate, pre_delete

APPS = {"auth": "People", "axes": "Sign-ins"}
MODELS = {
    "axes.AccessLog": ("sign-in", "sign-ins"),
    "axes.AccessFailureLog": ("failed sign-in", "failed sign-ins"),
    "axes.AccessAttempt": ("lockout count", "lockout counts"),
}
"""Words of the admin for apps and models of others. Set on what is loaded: no migration lacks them."""


class AccountsConfig(AppConfig):
    name = "config.accounts"
    label = "config"  # part of the names of tables and permissions in existing databases
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from config.accounts import former_people, roles

        for label, words in APPS.items():
            apps.get_app_config(label).verbose_name = words
        for name, (singular, plural) in MODELS.items():
            options = apps.get_model(name)._meta
            options.verbose_name, options.verbose_name_plural = singular, plural
        post_migrate.connect(roles.make_groups, sender=self)
        m2m_changed.connect(roles.follow_groups, sender=User.groups.through)
        pre_delete.connect(former_people.keep, sender=User)
