"""What wiring can refuse. Nothing that belongs to workflows or runs."""

from __future__ import annotations


class ConfigError(Exception):
    """The product is not set up to do this."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)


class BadSetting(ConfigError):
    """A setting has a value that cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name


class NotMigrated(ConfigError):
    """The database lacks migrations."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"the database lacks {len(missing)} migrations; run `manage.py migrate` first")
        self.missing = missing
