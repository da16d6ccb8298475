"""The Django app of the library, under the label `library`."""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "workers.library"
    label = "library"
    verbose_name = "Effects of shipped workers"
    default_auto_field = "django.db.models.BigAutoField"
