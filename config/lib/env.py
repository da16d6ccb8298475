"""Typed reading of the environment: each helper returns a valid value or raises `BadSetting`.

Reading only. The meaning of a setting, and its default, is in `config.settings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from environs import Env, EnvError

from config.lib.errors import BadSetting

LIST_ITEMS_MAX = 100
REDIS_SCHEMES = ("redis", "rediss", "unix")
MAIL_SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
FILE_SCHEMES = ("sqlite",)  # of databases that are a file of this host
DATABASE_SCHEMES = ("postgres", "postgresql", *FILE_SCHEMES)
MODULE_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")

_env = Env()


def text(name: str, default: str = "") -> str:
    return str(_env.str(name, default)).strip()


def flag(name: str, default: bool) -> bool:
    if not text(name):
        return default
    return bool(_typed(name, _env.bool, "use true or false"))


def integer(name: str, default: int, *, least: int, most: int) -> int:
    if not text(name):
        return default
    value = int(_typed(name, _env.int, "use a whole number"))
    if not least <= value <= most:
        raise BadSetting(name, f"{value} is out of range; use a number from {least} to {most}")
    return value


def items(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Comma-separated values, stripped; empty ones are dropped."""
    values = [item.strip() for item in text(name).split(",") if item.strip()]
    if len(values) > LIST_ITEMS_MAX:
        raise BadSetting(name, f"{len(values)} values are too many; the limit is {LIST_ITEMS_MAX}")
    return values or list(default)


def modules(name: str) -> list[str]:
    """Comma-separated importable module names."""
    return _matching(name, items(name), MODULE_NAME, "is not a module name such as shop.workers")


def functions(name: str) -> list[str]:
    """Comma-separated dotted names of functions, or of modules with `:*` for all functions in them."""
    return _matching(
        name,
        items(name),
        re.compile(rf"{MODULE_NAME.pattern}(\.[A-Za-z_]\w*|:\*)"),
        "is not the name of a function such as shop.prices.total, nor shop.prices:* for all in a module",
    )


def queues(name: str, default: tuple[str, ...]) -> list[str]:
    return _matching(name, items(name, default), QUEUE_NAME, "is not a name of letters, digits, _ and -")


def origins(name: str) -> list[str]:
    """Comma-separated origins such as `https://board.example.org`."""
    return _matching(
        name,
        items(name),
        re.compile(r"https?://[^/\s]+"),
        "is not an origin; use a scheme and host such as https://board.example.org",
    )


def site(name: str) -> str:
    """The origin of the site as people reach it, or an empty string."""
    values = _matching(
        name,
        [text(name).rstrip("/")] if text(name) else [],
        re.compile(r"https?://[^/\s]+"),
        "is not an origin; use a scheme and host such as https://board.example.org",
    )
    return values[0] if values else ""


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Comma-separated networks such as `10.0.0.0/8`; an address alone is a network of one."""
    values = []
    for value in items(name):
        try:
            values.append(ip_network(value))
        except ValueError as error:
            raise BadSetting(name, f"{value!r} is not a network such as 10.0.0.0/8 ({error})") from error
    return values


def addresses(name: str) -> dict[str, str]:
    """Comma-separated addresses by name: `shop=https://staging.example.org/v1`."""
    found = {}
    for value in items(name):
        key, _, address = value.partition("=")
        if not key.strip() or "://" not in address:
            raise BadSetting(name, f"{value!r} is not a name and an address, as shop=https://example.org")
        found[key.strip()] = address.strip()
    return found


def folder(name: str, default: Path) -> Path:
    """An absolute folder path; a relative one starts at the working directory."""
    value = text(name)
    path = Path(value).expanduser().absolute() if value else default
    if path.exists() and not path.is_dir():
        raise BadSetting(name, f"{path} is not a folder; name a folder that can be written")
    return path


def redis_url(name: str) -> str:
    """A Redis address, or an empty string."""
    value = text(name)
    if not value:
        return ""
    scheme, host, path = _split(name, value)
    if scheme not in REDIS_SCHEMES or not (host or path):
        raise BadSetting(name, "is not a Redis address; use redis://HOST:PORT/DB, rediss://… or unix:///PATH")
    return value


def email(name: str) -> dict[str, Any]:
    """Django's settings for a mail server at a URL; empty if none is set."""
    value = text(name)
    if not value:
        return {}
    scheme, host, _ = _split(name, value)
    if scheme not in MAIL_SCHEMES or not host:
        raise BadSetting(name, "is not a mail server; use smtp+tls://USER:PASSWORD@HOST:PORT, or smtp, smtps")
    parts = urlsplit(value)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or MAIL_SCHEMES[scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": scheme == "smtp+tls",
        "EMAIL_USE_SSL": scheme == "smtps",
    }


def database(name: str) -> dict[str, Any] | None:
    """Django's entry of DATABASES for a URL, or None."""
    value = text(name)
    if not value:
        return None
    scheme, host, path = _split(name, value)
    if scheme not in DATABASE_SCHEMES or not path.strip("/"):
        raise BadSetting(
            name, "is not a database address; use postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///PATH"
        )
    try:
        return dict(dj_database_url.parse(value))
    except ValueError as error:
        raise BadSetting(name, f"cannot be read as a database address ({error})") from error


def other_database(name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Django's entry for the database of somebody else, which must be another one than the product's own."""
    parameters = database(name)
    if parameters is None:
        raise BadSetting(name, "states the database of HOST_APPS; use postgresql://… or sqlite:///PATH")
    if all((parameters.get(part) or "") == (own.get(part) or "") for part in ("NAME", "HOST", "PORT")):
        raise BadSetting(name, "is the product's own database; the host project has another one")
    if parameters["ENGINE"].endswith("sqlite3"):
        return {**parameters, "OPTIONS": {"timeout": 20, **parameters.get("OPTIONS", {})}}
    return {**parameters, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


def _split(name: str, value: str) -> tuple[str, str, str]:
    """Scheme, host and path of an address."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError for a port that is no number
    except ValueError as error:
        raise BadSetting(name, f"is not an address ({error})") from error
    if parts.netloc and "@" in parts.netloc.rpartition("@")[0] + parts.path:
        raise BadSetting(name, "has an @ in its password or name; write it as %40, as / is %2F and : is %3A")
    return parts.scheme, parts.netloc, parts.path


def _typed(name: str, read: Callable[[str], Any], hint: str) -> Any:
    try:
        return read(name)
    except EnvError as error:
        raise BadSetting(name, f"{text(name)!r} cannot be used; {hint}") from error


def _matching(name: str, values: list[str], pattern: re.Pattern[str], problem: str) -> list[str]:
    for value in values:
        if not pattern.fullmatch(value):
            raise BadSetting(name, f"{value!r} {problem}")
    return values
