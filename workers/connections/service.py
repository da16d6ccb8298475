"""Service of connections and secrets: creates, changes and removes them. Pages and API call it.

A secret's value goes in and never out: it is sealed for its name, and only `workers.connections.opening`
opens it. Every change is in the audit log, without values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError, QuerySet

from config.lib.env import DATABASE_SCHEMES, FILE_SCHEMES, MAIL_SCHEMES
from config.lib.secrets import REDACTED_CHARS_MIN, Place, seal
from workers.connections.errors import (
    ConnectionRefused,
    InUse,
    SecretRefused,
    UnknownConnection,
    UnknownSecret,
)
from workers.connections.models import (
    ADDRESS_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    PARAMETER_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    Connection,
    Secret,
)
from workers.sdk.limits import LIMIT_NAME

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}", re.ASCII)
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
PARAMETER = re.compile(r"[A-Za-z0-9_.~\[\]-]{1,100}", re.ASCII)
SECRETS_MAX = 1_000
CONNECTIONS_MAX = 1_000
VALUE_BYTES_MAX = 20_000
HEADERS_MAX = 30
HEADER_CHARS_MAX = 1_000
USERS_SHOWN_MAX = 5
LENGTHS_MAX = {
    "address": ADDRESS_LENGTH_MAX,
    "username": TEXT_LENGTH_MAX,
    "parameter": PARAMETER_LENGTH_MAX,
    "token_url": ADDRESS_LENGTH_MAX,
    "scope": TEXT_LENGTH_MAX,
    "note": NOTE_LENGTH_MAX,
}

Kind, Auth = Connection.Kind, Connection.Auth
AUTHS: Mapping[str, tuple[str, ...]] = {
    Kind.HTTP: tuple(Auth.values),
    Kind.SMTP: (Auth.NONE, Auth.BASIC),
    Kind.SQL: (Auth.NONE, Auth.BASIC),
}
SCHEMES: Mapping[str, tuple[str, ...]] = {
    Kind.HTTP: ("https", "http"),
    Kind.SMTP: tuple(MAIL_SCHEMES),
    Kind.SQL: tuple(DATABASE_SCHEMES),
}


def secret_place(name: str) -> Place:
    """What the value of the secret `name` is sealed for."""
    return "secret", name


# --- secrets ---


def secrets() -> QuerySet[Secret]:
    """All of them by name."""
    return Secret.objects.select_related("changed_by").prefetch_related("connections")[:SECRETS_MAX]


def find_secret(name: str) -> Secret:
    """Raises UnknownSecret."""
    secret = Secret.objects.filter(name=name).first()
    if secret is None:
        raise UnknownSecret(name)
    return secret


def put_secret(name: str, value: str | None, note: str = "", user: Any = None) -> Secret:
    """Gives a secret its value; with None only its note changes. Raises SecretRefused, UnknownSecret."""
    if not NAME.fullmatch(name):
        raise SecretRefused("A secret's name has up to 63 letters, digits and _ . -, a letter first.")
    if value is not None:
        _check_value(value)
    if problem := _text_problem(note, NOTE_LENGTH_MAX):
        raise SecretRefused(f"A note has {problem}.")
    with transaction.atomic():
        secret = Secret.objects.select_for_update().filter(name=name).first()
        is_new = secret is None
        if secret is None:
            if value is None:
                raise UnknownSecret(name)
            if Secret.objects.count() >= SECRETS_MAX:
                raise SecretRefused(f"There are {SECRETS_MAX:,} secrets already; remove one first.")
            secret = Secret(name=name)
        if value is not None:
            secret.sealed = seal(value, settings.SECRET_KEY, secret_place(name))
        secret.note, secret.changed_by, secret.changed_by_name = note, _person(user), None
        try:
            with transaction.atomic():
                secret.save()
        except IntegrityError as error:
            raise SecretRefused(f"Somebody has just made the secret {name}.") from error
        what = "note changed" if value is None else "given" if is_new else "given a new value"
        _log(secret, user, ADDITION if is_new else CHANGE, what)
    return secret


def remove_secret(name: str, user: Any = None) -> None:
    """Raises UnknownSecret, and InUse where a connection needs it."""
    secret = find_secret(name)
    try:
        with transaction.atomic():
            _log(secret, user, DELETION, "removed")
            secret.delete()
    except ProtectedError as error:
        users = sorted(map(str, error.protected_objects))[:USERS_SHOWN_MAX]
        raise InUse(f"The secret {name} is used by {', '.join(users)}; change that first.") from error


def _check_value(value: str) -> None:
    if len(value) < REDACTED_CHARS_MIN:
        message = f"at least {REDACTED_CHARS_MIN} characters: a shorter one could not be kept out of reports"
        raise SecretRefused(f"A secret's value has {message}.")
    if len(value.encode(errors="surrogatepass")) > VALUE_BYTES_MAX:
        raise SecretRefused(f"A secret's value has at most {VALUE_BYTES_MAX:,} bytes.")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise SecretRefused("A secret's value is text without NUL.")


# --- connections ---


@dataclass(frozen=True)
class ConnectionSpec:
    """The fields of a connection that a person sets. `secret`: the name of a secret, or empty."""

    kind: str
    address: str
    auth: str = "none"
    username: str = ""
    parameter: str = ""
    token_url: str = ""
    scope: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    limit: str = ""
    note: str = ""


def connections() -> QuerySet[Connection]:
    """All of them by name."""
    return Connection.objects.select_related("secret", "changed_by")[:CONNECTIONS_MAX]


def find(name: str) -> Connection:
    """Raises UnknownConnection."""
    connection = Connection.objects.select_related("secret", "changed_by").filter(name=name).first()
    if connection is None:
        raise UnknownConnection(name)
    return connection


def spec_of(connection: Connection) -> ConnectionSpec:
    values = {item.name: getattr(connection, item.name) for item in fields(ConnectionSpec)}
    return ConnectionSpec(**values | {"secret": connection.secret.name if connection.secret else ""})


def put(name: str, spec: ConnectionSpec, user: Any = None) -> Connection:
    """Creates or changes a connection; takes effect with the next call. Raises ConnectionRefused."""
    problems = list(problems_of(name, spec))
    if problems:
        refusal = ConnectionRefused(f"{problems[0]['path']}: {problems[0]['message']}")
        refusal.problems = problems
        raise refusal
    with transaction.atomic():
        connection = Connection.objects.select_for_update().filter(name=name).first()
        is_new = connection is None
        if connection is None:
            if Connection.objects.count() >= CONNECTIONS_MAX:
                raise ConnectionRefused(f"There are {CONNECTIONS_MAX:,} connections already.")
            connection = Connection(name=name)
        for item in fields(ConnectionSpec):
            if item.name != "secret":
                setattr(connection, item.name, getattr(spec, item.name))
        connection.headers = dict(spec.headers)
        connection.secret = find_secret(spec.secret) if spec.secret else None
        connection.revision += 1
        connection.changed_by, connection.changed_by_name = _person(user), None
        try:
            with transaction.atomic():
                connection.save()
        except IntegrityError as error:
            raise ConnectionRefused(f"Somebody has just made the connection {name}.") from error
        _log(connection, user, ADDITION if is_new else CHANGE, "made" if is_new else "changed")
    return connection


def remove(name: str, user: Any = None) -> None:
    """Raises UnknownConnection. Steps that name it fail from now on with `unknown_connection`."""
    connection = find(name)
    with transaction.atomic():
        _log(connection, user, DELETION, "removed")
        connection.delete()


def problems_of(name: str, spec: ConnectionSpec) -> list[dict[str, str]]:
    """What is wrong with a connection, as `{code, path, message}`."""
    checks = {
        "name": "" if NAME.fullmatch(name) else "up to 63 letters, digits and _ . -, a letter first",
        "kind": "" if spec.kind in Kind.values else f"one of {', '.join(Kind.values)}",
    }
    if not checks["kind"]:
        checks |= {
            "address": address_problem(spec.kind, spec.address),
            "auth": ""
            if spec.auth in AUTHS[spec.kind]
            else f"of this kind it is one of {', '.join(AUTHS[spec.kind])}",
            "headers": _headers_problem(spec),
            **_auth_problems(spec),
        }
    if spec.limit and not LIMIT_NAME.fullmatch(spec.limit):
        checks["limit"] = "the name of a limit has small letters, digits and _ . -, a letter first"
    for path, length_max in LENGTHS_MAX.items():
        if problem := _text_problem(getattr(spec, path), length_max):
            checks[path] = problem
    return [
        {"code": "bad_connection", "path": path, "message": text} for path, text in checks.items() if text
    ]


def _text_problem(text: str, length_max: int) -> str:
    if len(text) > length_max:
        return f"at most {length_max:,} characters"
    return "" if text.isprintable() else "one line of text"


def address_problem(kind: str, address: str) -> str:
    """What is wrong with an address; empty if it can be used."""
    if len(address) > ADDRESS_LENGTH_MAX or any(char <= " " or char == "\x7f" for char in address):
        return f"an address has no blanks, and at most {ADDRESS_LENGTH_MAX:,} characters"
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        return f"it is no address ({error})"
    if parts.scheme not in SCHEMES[kind]:
        return f"it begins with {' or '.join(f'{scheme}://' for scheme in SCHEMES[kind])}"
    if parts.username or parts.password:
        return "user and password do not stand in the address; state them below"
    if kind == Kind.HTTP and (parts.query or parts.fragment):
        return "it ends with the path: no ? and no #"
    if not parts.hostname and parts.scheme not in FILE_SCHEMES:
        return "it names a host"
    if kind == Kind.SQL and not parts.path.strip("/"):
        return "it ends with the name of the database"
    return ""


def _headers_problem(spec: ConnectionSpec) -> str:
    if spec.headers and spec.kind != Kind.HTTP:
        return "only HTTP has headers"
    if len(spec.headers) > HEADERS_MAX:
        return f"at most {HEADERS_MAX} headers"
    for name, value in spec.headers.items():
        if not HEADER.fullmatch(name):
            return f"{name!r:.120} is no name of a header"
        if name.lower() in ("authorization", "cookie", "proxy-authorization"):
            return f"{name} is secret: state it as the way to sign in"
        is_text = isinstance(value, str) and len(value) <= HEADER_CHARS_MAX and value.isprintable()
        if not is_text or not value.isascii():
            return f"{name}: a value is one line of ASCII text, up to {HEADER_CHARS_MAX:,} characters"
    return ""


def _auth_problems(spec: ConnectionSpec) -> dict[str, str]:
    """Which fields the way to sign in needs, and what is wrong with them."""
    auth, problems = spec.auth, {"secret": _secret_problem(spec)}
    if auth in (Auth.BASIC, Auth.OAUTH2) and not spec.username:
        problems["username"] = "it is needed" if auth == Auth.BASIC else "the client id is needed"
    if ":" in spec.username and auth == Auth.BASIC and spec.kind == Kind.HTTP:
        problems["username"] = "a user's name has no colon here (RFC 7617)"
    if auth in (Auth.HEADER, Auth.QUERY):
        pattern, what = (HEADER, "header") if auth == Auth.HEADER else (PARAMETER, "query parameter")
        if not pattern.fullmatch(spec.parameter):
            problems["parameter"] = f"the name of the {what} that takes the key"
    if auth == Auth.OAUTH2:
        problems["token_url"] = address_problem(Kind.HTTP, spec.token_url)
    return problems


def _secret_problem(spec: ConnectionSpec) -> str:
    if spec.auth == Auth.NONE:
        return "without a way to sign in there is no secret" if spec.secret else ""
    if not spec.secret:
        return "state the secret that holds the password, token or key"
    is_known = Secret.objects.filter(name=spec.secret).exists()
    return "" if is_known else f"there is no secret {spec.secret!r}"


def _person(user: Any) -> Any:
    return user if getattr(user, "pk", None) else None


def _log(row: models.Model, user: Any, flag: int, what: str) -> None:
    if getattr(user, "pk", None):
        rows = type(row)._default_manager.filter(pk=row.pk)
        text = f"{row._meta.verbose_name} {row} {what}".capitalize()
        LogEntry.objects.log_actions(user.pk, rows, flag, text, single_object=True)
