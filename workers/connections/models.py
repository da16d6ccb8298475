"""Tables of secrets and connections. No rules: `workers.connections.service` is the only writer."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField

NAME_LENGTH_MAX = 63
NOTE_LENGTH_MAX = 500
ADDRESS_LENGTH_MAX = 2_000
TEXT_LENGTH_MAX = 300
PARAMETER_LENGTH_MAX = 100


class Changed(models.Model):
    """Who changed a row last, and when it was last used."""

    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_by_name = kept_name()
    used_at = models.DateTimeField(null=True, blank=True, help_text="Exact to a minute.")

    class Meta:
        abstract = True

    @property
    def changer(self) -> str:
        """Username of who changed it last, also of a deleted account; empty if no person did."""
        return name_of(self, "changed_by")


class Secret(Changed):
    """A value that is used by name and never shown. `sealed` opens for this name alone."""

    name = models.CharField(max_length=NAME_LENGTH_MAX, unique=True)
    sealed = models.TextField(editable=False)
    note = models.CharField(max_length=NOTE_LENGTH_MAX, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Connection(Changed):
    """An outside service: its address, and how to sign in. What is secret stands in `secret`."""

    class Kind(models.TextChoices):
        HTTP = "http", "HTTP API"
        SMTP = "smtp", "Mail server (SMTP)"
        SQL = "sql", "Database (SQL)"

    class Auth(models.TextChoices):
        NONE = "none", "None"
        BASIC = "basic", "User and password"
        BEARER = "bearer", "Bearer token"
        HEADER = "header", "API key in a header"
        QUERY = "query", "API key in the address"
        OAUTH2 = "oauth2", "OAuth2, client credentials"

    name = models.CharField(max_length=NAME_LENGTH_MAX, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    note = models.CharField(max_length=NOTE_LENGTH_MAX, blank=True)
    address = models.CharField(
        max_length=ADDRESS_LENGTH_MAX,
        help_text="https://api.example.org/v1, smtp+tls://mail.example.org, postgresql://db.example.org/shop",
    )
    auth = models.CharField(max_length=8, choices=Auth.choices, default=Auth.NONE)
    username = models.CharField(
        max_length=TEXT_LENGTH_MAX, blank=True, help_text="The user, or OAuth2's client id."
    )
    parameter = models.CharField(
        max_length=PARAMETER_LENGTH_MAX,
        blank=True,
        help_text="The header or query parameter that takes the API key.",
    )
    token_url = models.CharField(max_length=ADDRESS_LENGTH_MAX, blank=True)
    scope = models.CharField(max_length=TEXT_LENGTH_MAX, blank=True)
    headers = JSONField(default=dict, blank=True, help_text="Headers of every request; no secrets.")
    secret = models.ForeignKey(
        Secret, null=True, blank=True, on_delete=models.PROTECT, related_name="connections"
    )
    limit = models.CharField(
        max_length=NAME_LENGTH_MAX, blank=True, help_text="The limit that steps keep to which use it."
    )
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ApiDocument(models.Model):
    """What was read of the OpenAPI document of a connection. Apart from it: opening one stays cheap."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="document")
    title = models.CharField(max_length=TEXT_LENGTH_MAX, blank=True)
    source = models.CharField(max_length=ADDRESS_LENGTH_MAX, help_text="Its address, or the file's name.")
    address = models.CharField(
        max_length=ADDRESS_LENGTH_MAX, blank=True, help_text="Where the document says that the API is."
    )
    problems = JSONField(default=list, blank=True, help_text="What of it was left out, and why.")
    count = models.PositiveIntegerField(default=0, help_text="How many operations it has.")
    read_at = models.DateTimeField()
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    read_by_name = kept_name()

    def __str__(self) -> str:
        return self.title or self.source

    @property
    def reader(self) -> str:
        """Username of who gave it, also of a deleted account; empty if no person did."""
        return name_of(self, "read_by")


class ApiOperation(models.Model):
    """An operation of a document. `detail`: what a step that calls it is made of."""

    document = models.ForeignKey(ApiDocument, on_delete=models.CASCADE, related_name="operations")
    place = models.PositiveIntegerField()
    key = models.CharField(max_length=120)
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=ADDRESS_LENGTH_MAX)
    title = models.CharField(max_length=TEXT_LENGTH_MAX)
    tag = models.CharField(max_length=TEXT_LENGTH_MAX, blank=True)
    search = models.TextField(help_text="Where words are looked for, in small letters.")
    proposal = JSONField(null=True, blank=True, help_text="How it may be undone: params, and why.")
    detail = JSONField(default=dict)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["document", "key"], name="operation_key"),
            models.UniqueConstraint(fields=["document", "place"], name="operation_place"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    @property
    def is_reading(self) -> bool:
        return self.method in ("GET", "HEAD", "OPTIONS")
