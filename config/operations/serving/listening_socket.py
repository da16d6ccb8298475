"""The listening socket of the web process.

The parent of `up` opens it and passes it on, so that connections wait, and are not refused, while the web
process restarts.
"""

from __future__ import annotations

import errno
import socket

from config.lib.errors import ConfigError

PORTS_TRIED = 20
BACKLOG = 512
PORT_MAX = 65_535


class NoPort(ConfigError):
    """No port can be taken."""


def listen(host: str, port: int, ports: int = PORTS_TRIED) -> socket.socket:
    """Returns a socket that listens on `port`, or on the first free one of so many `ports` from there.

    Raises NoPort if all are taken, or `host` cannot be resolved or used.
    """
    try:
        address = str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise NoPort(f"--host {host} is not an IPv4 address or a known name") from error
    last = min(port + ports - 1, PORT_MAX)
    for candidate in range(port, last + 1):
        listener = _try(address, host, candidate)
        if listener is not None:
            return listener
    taken = (
        f"ports {port} to {last} of {host} are all taken"
        if last > port
        else f"port {port} of {host} is taken"
    )
    raise NoPort(f"{taken}; name a free one with --port")


def _try(address: str, host: str, port: int) -> socket.socket | None:
    """Returns None if the port is taken; raises NoPort for other errors."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise NoPort(
            f"{host}:{port} cannot be taken ({error.strerror}); use another --host or --port"
        ) from error
    return listener
