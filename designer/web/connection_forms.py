"""Forms of connections and secrets. `workers.connections.service` validates; problems stand at fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction

from designer.services.limits import stated_limits
from workers.connections import service
from workers.connections.errors import ConnectionRefused, ConnectionsError, SecretRefused
from workers.connections.models import (
    ADDRESS_LENGTH_MAX,
    NAME_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    PARAMETER_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    Connection,
    Secret,
)
from workers.connections.service import AUTHS, ConnectionSpec, spec_of

TEXT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
PASSWORD = forms.PasswordInput({"class": "input", "autocomplete": "new-password"}, render_value=False)
A_NEW_ONE = ""
SEEN_BY: dict[str, tuple[str, ...]] = {
    "username": ("basic", "oauth2"),
    "parameter": ("header", "query"),
    "token_url": ("oauth2",),
    "scope": ("oauth2",),
}
"""The ways to sign in that need a field."""
EXAMPLES = {
    "http": "https://api.example.org/v1",
    "smtp": "smtp+tls://mail.example.org",
    "sql": "postgresql://db.example.org/shop",
}
ADDRESS_HELP = {
    "http": "Requests go to addresses below it, and nowhere else.",
    "smtp": "smtp+tls:// (port 587), smtps:// (465), or smtp:// without encryption (25).",
    "sql": "postgresql://HOST/DATABASE, or sqlite:///PATH; ?sslmode=require and others may follow.",
}
LIMIT_HELP = (
    "Steps that name it take slots of this limit, unless they or their worker state one. "
    "It counts in versions that are published from then on."
)


def _text(length: int, label: str = "", example: str = "", required: bool = False) -> forms.CharField:
    widget = forms.TextInput(TEXT | {"placeholder": example})
    return forms.CharField(max_length=length, required=required, label=label or None, widget=widget)


def _lines(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea({"class": "textarea", "rows": rows, "spellcheck": "false", **attrs})


class ConnectionForm(forms.Form):
    """A connection of one kind. A new secret may be given with it; it has the connection's name."""

    name = _text(NAME_LENGTH_MAX, required=True)
    address = _text(ADDRESS_LENGTH_MAX, required=True)
    auth = forms.ChoiceField(label="How it signs in", widget=forms.RadioSelect)
    username = _text(TEXT_LENGTH_MAX, label="User")
    parameter = _text(
        PARAMETER_LENGTH_MAX, label="Name of the header or parameter that takes the key", example="X-Api-Key"
    )
    token_url = _text(
        ADDRESS_LENGTH_MAX, label="Where tokens are given", example="https://auth.example.org/token"
    )
    scope = _text(TEXT_LENGTH_MAX, label="Scope (optional)")
    secret = forms.ChoiceField(
        label="Password, token or key",
        required=False,
        widget=forms.Select({"class": "select"}),
    )
    value = forms.CharField(label="Value of the new secret", required=False, strip=False, widget=PASSWORD)
    headers = forms.CharField(
        label="Headers of every request (optional)",
        required=False,
        widget=_lines(2, placeholder="Accept-Language: en"),
        help_text="One a line; no secrets.",
    )
    limit = _text(NAME_LENGTH_MAX, label="Limit (optional)")
    note = _text(NOTE_LENGTH_MAX, label="Note (optional)")

    def __init__(self, kind: str, connection: Connection | None = None, data: Any = None) -> None:
        self.kind, self.connection = kind, connection
        super().__init__(data, initial=_initial(connection))
        _choose(self.fields["auth"], [(way, Connection.Auth(way).label) for way in AUTHS[kind]])
        names = [(secret.name, secret.name) for secret in service.secrets()]
        _choose(self.fields["secret"], [(A_NEW_ONE, "A new secret"), *names])
        address = self.fields["address"]
        address.widget.attrs["placeholder"], address.help_text = EXAMPLES[kind], ADDRESS_HELP[kind]
        self.fields["limit"].widget.attrs["list"] = "limits"
        self.fields["limit"].help_text = LIMIT_HELP
        self.fields["name"].help_text = "Steps use it by this name, which stays."
        self.limits = sorted(stated_limits())
        if connection is not None:
            del self.fields["name"]
        if kind == "http":
            self.fields["username"].label = "User, or client id of OAuth2"
        else:
            del self.fields["headers"]

    @property
    def parts(self) -> list[tuple[forms.BoundField, str]]:
        """The fields in their order, each with the ways to sign in that show it; empty: all of them."""
        some = " ".join(way for way in AUTHS[self.kind] if way != Connection.Auth.NONE)
        seen = SEEN_BY | {"secret": (some,), "value": (some,)}
        return [
            (field, " ".join(seen.get(field.name, ())))
            for field in self
            if not set(SEEN_BY.get(field.name, AUTHS[self.kind])).isdisjoint(AUTHS[self.kind])
        ]

    def clean_headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["headers"].splitlines())):
            name, colon, value = line.partition(":")
            if not colon:
                raise forms.ValidationError(f"“{line:.60}” is no header such as Accept-Language: en.")
            headers[name.strip()] = value.strip()
        return headers

    def save(self, user: Any) -> Connection | None:
        """Stores the connection, and its new secret; None, and nothing stored, if there are problems."""
        if not self.is_valid():
            return None
        name = self.connection.name if self.connection else self.cleaned_data["name"]
        if self.connection is None and Connection.objects.filter(name=name).exists():
            self.add_error(field="name", error=f"There is a connection {name} already.")
            return None
        try:
            with transaction.atomic():
                return service.put(name, self._spec(name, user), user)
        except ConnectionRefused as error:
            self._add_problems(error)
        except SecretRefused as error:
            self.add_error(field="value", error=str(error))
        return None

    def _spec(self, name: str, user: Any) -> ConnectionSpec:
        """What the fields say that the way to sign in needs. Gives the new secret its value."""
        values = self.cleaned_data
        auth = values["auth"]
        has_secret = auth != Connection.Auth.NONE
        needed = {key: values[key] for key, ways in SEEN_BY.items() if auth in ways}
        return ConnectionSpec(
            kind=self.kind,
            auth=auth,
            secret=(values["secret"] or self._new_secret(name, user)) if has_secret else "",
            headers=values.get("headers", {}),
            **{key: values[key] for key in ("address", "limit", "note")},
            **needed,
        )

    def _new_secret(self, name: str, user: Any) -> str:
        """Raises SecretRefused; one that is there already is not replaced by the way."""
        value = self.cleaned_data["value"]
        if not value:
            raise SecretRefused("Give its value, or choose a secret that is there.")
        if Secret.objects.filter(name=name).exists():
            raise SecretRefused(f"There is a secret {name} already: choose it, or give it a new value.")
        return service.put_secret(name, value, user=user).name

    def _add_problems(self, error: ConnectionRefused) -> None:
        for problem in error.problems:
            path, message = problem["path"], problem["message"]
            if path in self.fields:
                self.add_error(field=path, error=f"{message[:1].upper()}{message[1:]}.")
            else:
                self.add_error(field=None, error=f"{path}: {message}")
        if not error.problems:
            self.add_error(field=None, error=str(error))


def _initial(connection: Connection | None) -> dict[str, Any]:
    if connection is None:
        return {"auth": Connection.Auth.NONE}
    spec = spec_of(connection)
    headers = "\n".join(f"{name}: {value}" for name, value in spec.headers.items())
    return {**vars(spec), "headers": headers}


def _choose(field: forms.Field, choices: list[tuple[str, Any]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


class SecretForm(forms.Form):
    """A secret. Of one that is there, an empty value keeps its own."""

    name = _text(NAME_LENGTH_MAX, required=True)
    value = forms.CharField(label="Value", strip=False, widget=PASSWORD)
    note = _text(NOTE_LENGTH_MAX, label="Note (optional)")

    def __init__(self, secret: Secret | None = None, data: Any = None) -> None:
        self.secret = secret
        super().__init__(data, initial={"note": secret.note} if secret else None)
        self.fields["name"].help_text = "Connections and steps use it by this name."
        if secret is not None:
            del self.fields["name"]
            value = self.fields["value"]
            value.required, value.label = False, "New value"
            value.help_text = "It is used from the next call on. Left empty, the secret keeps its value."

    def save(self, user: Any) -> Secret | None:
        """Stores the secret; None, and nothing stored, if there are problems."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        name = self.secret.name if self.secret else values["name"]
        if self.secret is None and Secret.objects.filter(name=name).exists():
            self.add_error(field="name", error=f"There is a secret {name} already.")
            return None
        try:
            return service.put_secret(name, values["value"] or None, values["note"], user)
        except ConnectionsError as error:
            self.add_error(field="value" if "value" in str(error) else None, error=str(error))
        return None


class CheckForm(forms.Form):
    """What to ask an HTTP connection for."""

    method = forms.ChoiceField(
        choices=[("GET", "GET"), ("HEAD", "HEAD")],
        required=False,
        widget=forms.Select({"class": "select"}),
    )
    path = _text(ADDRESS_LENGTH_MAX, label="Path (optional)", example="/status")
