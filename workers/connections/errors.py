"""Errors of connections and secrets. The docstring of a class is its default message, shown to people."""

from __future__ import annotations

from config.lib.errors import SagaboardError
from workers.sdk.errors import CriticalFailure


class ConnectionsError(SagaboardError):
    """The request about a connection cannot be carried out."""

    code = "refused"


class NotUsable(ConnectionsError, CriticalFailure):
    """A worker cannot use it as it is. Another attempt could not either, so the step fails with `code`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = type(self).code


class UnknownConnection(NotUsable):
    """There is no such connection."""

    status = 404
    code = "unknown_connection"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no connection {name!r}. Make it on the page Connections.")


class UnknownSecret(NotUsable):
    """There is no such secret."""

    status = 404
    code = "unknown_secret"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no secret {name!r}. Give it on the page Connections.")


class ConnectionRefused(ConnectionsError):
    """The connection cannot be saved like this."""

    status = 422
    code = "connection_refused"


class SecretRefused(ConnectionsError):
    """The secret cannot be saved like this."""

    status = 422
    code = "secret_refused"


class InUse(ConnectionsError):
    """It is used, so it cannot be removed."""

    status = 409
    code = "in_use"


class NotOpened(NotUsable):
    """A connection or secret cannot be used as it is."""

    status = 409
    code = "not_opened"


class TooManyChecks(ConnectionsError):
    """Many connections are being tested just now; try again in a moment."""

    status = 503
    code = "busy"
