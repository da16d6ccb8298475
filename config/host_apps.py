"""Apps of a Django project beside the product, as the setting HOST_APPS names them."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

from config.lib import env
from config.lib.errors import BadSetting


def host_apps(name: str) -> dict[str, str]:
    """Comma-separated Django apps, as `INSTALLED_APPS` has them, by their labels. Raises BadSetting."""
    by_label: dict[str, str] = {}
    for module in env.modules(name):
        try:
            by_label[AppConfig.create(module).label] = module
        except (ImportError, ImproperlyConfigured) as error:
            raise BadSetting(name, f"{module} is no Django app that can be imported ({error})") from error
    return by_label
