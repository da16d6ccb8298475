"""Base of all refusals, and the refusals of the wiring. A refusal is an error that a person can act on.

Each app has an `errors` module of its own. A class states its HTTP status; the docstring is its default
message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from config.installation import PROGRAM


class SagaboardError(Exception):
    """The request cannot be carried out."""

    status: ClassVar[int] = 400
    """HTTP status of an answer that reports this error."""

    code: str = ""
    """Stable name for programs; a class may set one, an instance may set a finer one."""

    retry_after_s: int | None = None
    """Seconds until another request makes sense, for the header `Retry-After`."""

    problems: Sequence[Any] = ()
    """The single problems, as `{code, path, message}`."""

    def __init__(self, message: str | None = "") -> None:
        super().__init__(message or type(self).__doc__ or "")

    def facts(self) -> dict[str, Any]:
        """Further members of the problem document besides type, title, status and detail (RFC 9457)."""
        return {"problems": list(self.problems)} if self.problems else {}


class Unreadable(SagaboardError):
    """What was sent cannot be read."""

    code = "unreadable"


class NotSupported(SagaboardError):
    """What was sent is in a form that is not understood."""

    status = 415
    code = "not_supported"


class ConfigError(SagaboardError):
    """The product is not set up to do this."""


class BadSetting(ConfigError):
    """A setting has a value that cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name


class NotMigrated(ConfigError):
    """The database lacks migrations."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"the database lacks {len(missing)} migrations; run `{PROGRAM} migrate` first")
        self.missing = missing
