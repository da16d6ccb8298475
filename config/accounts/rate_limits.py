"""Rate limits of pages, API, webhooks, sockets and sign-in: requests a minute and client, by fixed windows.

Counters are kept in Redis, so that several web processes share them. A counter is named by its window and
expires by itself. While Redis does not answer, each process counts alone: Redis is never required, so its
absence may neither refuse requests nor lift the limits. After an error it is not called for
`REDIS_RETRY_S`, so that an outage costs one timeout now and then, and not one a request.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from redis import Redis
from redis.exceptions import RedisError

from config.accounts.permissions import TOKEN_ID
from config.lib.caches import cached_for_process, register
from config.lib.errors import ConfigError

Endpoint = Literal["calls", "starts", "hooks", "sign_in"]

WINDOW_S = 60
REDIS_TIMEOUT_S = 0.2
REDIS_RETRY_S = 3.0  # after an error Redis is not called for this long
LOCAL_COUNTS_MAX = 10_000  # counters in this process
clock = time.time


class TooMany(ConfigError):
    """Too many requests."""

    status = 429
    code = "too_many"

    def __init__(self, limit: int, retry_after_s: int) -> None:
        super().__init__(f"More than {limit:,} a minute. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


def consume(endpoint: Endpoint, client: str, number: int = 1) -> None:
    """Adds `number` requests of a client to its count. Raises TooMany above the endpoint's limit a minute."""
    limit: int = settings.LIMITS[endpoint]
    window, passed = divmod(int(clock()), WINDOW_S)
    if _count(f"limit:{endpoint}:{client}:{window}", number) > limit:
        raise TooMany(limit, WINDOW_S - passed)


def caller(request: HttpRequest) -> str:
    """The client that a request counts for: its token, else its signed-in user, else its IP address."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return client_of(user)
    return f"address {client_ip(request)}"


def client_of(user: Any) -> str:
    """The client that calls of a signed-in user count for; each token of a user counts by itself."""
    token = getattr(user, TOKEN_ID, None)
    return f"person {user.pk}" if token is None else f"token {token}"


def _count(key: str, number: int) -> int:
    """Counts in Redis; in this process while there was an error a moment ago."""
    if time.monotonic() < _local.away_until:
        return _local.count(key, number)
    try:
        # Kept by name: of two threads that come first, one makes a client that the cache does not keep, and a
        # client that nobody holds closes its connections, with a pipeline still at work on them.
        client = _redis()
        with client.pipeline(transaction=False) as pipeline:
            pipeline.incr(key, number)
            pipeline.expire(key, 2 * WINDOW_S)
            return int(pipeline.execute()[0])
    except RedisError:
        _local.away_until = time.monotonic() + REDIS_RETRY_S
        return _local.count(key, number)


@cached_for_process()
def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S, retry=None
    )


class _LocalCounts:
    """Counters of this process, used while Redis is unavailable. The oldest are evicted above the maximum."""

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
            count = self._counts.pop(key, 0) + number
            while len(self._counts) >= LOCAL_COUNTS_MAX:
                del self._counts[next(iter(self._counts))]
            self._counts[key] = count
            return count


_local = _LocalCounts()
register(_local.clear)


def client_ip(request: HttpRequest) -> str | None:
    """The client's IP address, or None if it is unknown (a unix socket) or malformed.

    The setting HTTPS implies a proxy in front. Then the last entry of X-Forwarded-For counts, which that
    proxy added; earlier entries are the client's own claims.
    """
    claim = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() if settings.HTTPS else ""
    try:
        return str(ipaddress.ip_address(claim or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None
