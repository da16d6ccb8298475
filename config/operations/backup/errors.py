"""Refusals of backup and restore. Nothing has been changed where one of them is raised."""

from __future__ import annotations

from pathlib import Path

from config.lib.errors import ConfigError


class NoBackup(ConfigError):
    """The file is not a backup of Sagaboard."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is not a backup of Sagaboard ({why}); name a file that `backup` has written"
        )


class Damaged(ConfigError):
    """The backup is damaged."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the backup is damaged: {what}; take another one")


class CannotWrite(ConfigError):
    """The file of the backup cannot be written."""


class OfNewerVersion(ConfigError):
    """The backup comes from a newer version."""

    def __init__(self, unknown: list[str]) -> None:
        super().__init__(
            f"the backup comes from a newer version: this one does not know {len(unknown)} of its migrations "
            f"(first: {unknown[0]}); restore it with that version"
        )


class OfOtherDatabase(ConfigError):
    """The backup comes from another kind of database."""

    def __init__(self, kind: str, here: str) -> None:
        super().__init__(
            f"the backup comes from {kind} and DATABASE_URL leads to {here}; restore it into {kind}"
        )


class NotEmpty(ConfigError):
    """The database is not empty."""

    def __init__(self, place: str, found: list[str]) -> None:
        super().__init__(
            f"{place} is not empty ({', '.join(found)}); a backup is restored into an empty database: "
            "set DATABASE_URL or DATA_DIR to a new one, or move the present one away"
        )


class NoScratch(ConfigError):
    """There is no place to try the backup in."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"no database can be created to try the backup in ({reason}); "
            "let the role of DATABASE_URL create databases: ALTER ROLE … CREATEDB"
        )
