"""Whether Redis takes writes. A PING does not tell: a full Redis, or a replica, answers it as well."""

from __future__ import annotations

from django.conf import settings
from redis import Redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from config.lib.commands import one_line

KEY = "sagaboard:probe"
TTL_MS = 10_000
AWAY = "Redis does not answer"


def problem(within_s: float) -> str:
    """What is wrong with the Redis at REDIS_URL, embedded or not; empty if it takes a write in time."""
    with Redis.from_url(
        settings.REDIS_URL, socket_timeout=within_s, socket_connect_timeout=within_s, retry=None
    ) as client:
        try:
            client.set(KEY, 1, px=TTL_MS)
        except OutOfMemoryError as error:
            return f"Redis is full (OOM {one_line(error)})"
        except ResponseError as error:
            return f"Redis takes no writes ({one_line(error)})"
        except RedisError:
            return AWAY
    return ""
