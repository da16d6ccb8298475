"""How often: the one counter that pages, API, hooks, sockets and sign-in ask.

Counts stand in Redis, so that several web processes share them. While Redis is away each process counts by
itself: it is only a doorbell, so its absence may neither refuse anybody nor leave a door unguarded.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from typing import Literal

from django.conf import settings
from django.http import HttpRequest
from redis import Redis
from redis.exceptions import RedisError

from config.lib.caches import cached_for_process, register
from config.lib.errors import ConfigError

Endpoint = Literal["calls", "starts", "hooks", "sign_in"]

WINDOW_S = 60
ANSWER_S = 0.2
AWAY_S = 3.0  # so long Redis is not asked again
KEPT_MAX = 10_000  # counts in this process
clock = time.time


class TooMany(ConfigError):
    """Too many requests."""

    status = 429
    code = "too_many"

    def __init__(self, most: int, retry_after_s: int) -> None:
        super().__init__(f"More than {most:,} a minute. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


def consume(door: Endpoint, who: str, number: int = 1) -> None:
    """Counts so many more of `who` at `door`. Raises TooMany where that is more than its setting allows."""
    most: int = settings.LIMITS[door]
    window, passed = divmod(int(clock()), WINDOW_S)
    if _counted(f"limit:{door}:{who}:{window}", number) > most:
        raise TooMany(most, WINDOW_S - passed)


def caller(request: HttpRequest) -> str:
    """Who is counted: the person, by session or token; a stranger by their address."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"person {user.pk}"
    return f"address {address(request)}"


def _counted(key: str, number: int) -> int:
    try:
        return _shared(key, number)
    except RedisError:
        return _here.count(key, number)


def _shared(key: str, number: int) -> int:
    """Counted in Redis. Raises RedisError."""
    if time.monotonic() < _here.away_until:
        raise RedisError("it was away a moment ago")
    try:
        # Kept by name: of two threads that come first, one makes a client that the cache does not keep, and a
        # client that nobody holds closes its connections, with a pipeline still at work on them.
        client = _redis()
        with client.pipeline(transaction=False) as asked:
            asked.incr(key, number)
            asked.expire(key, 2 * WINDOW_S)
            return int(asked.execute()[0])
    except RedisError:
        _here.away_until = time.monotonic() + AWAY_S
        raise


@cached_for_process()
def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, retry=None
    )


class Counts:
    """Counts of this process alone. The oldest give way when there are too many."""

    def __init__(self) -> None:
        self.away_until = 0.0
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def clear(self) -> None:
        with self._lock:
            self.away_until = 0.0
            self._counts.clear()

    def count(self, key: str, number: int = 1) -> int:
        with self._lock:
            found = self._counts.pop(key, 0) + number
            while len(self._counts) >= KEPT_MAX:
                del self._counts[next(iter(self._counts))]
            self._counts[key] = found
            return found


_here = Counts()
register(_here.clear)


def address(request: HttpRequest) -> str | None:
    """The client's IP address; behind the proxy that HTTPS stands for, what that proxy says of it.

    None where nobody says one, as behind a unix socket, or where what is said is no address.
    """
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() if settings.HTTPS else ""
    try:
        return str(ipaddress.ip_address(told or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None
