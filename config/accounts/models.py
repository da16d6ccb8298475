"""Tables of accounts: the holder of the permissions, API tokens, open sessions, what deleted people did."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from config.accounts.former_people import NAME_LENGTH_MAX
from config.accounts.permissions import ACTS, Role


class Board(models.Model):
    """The product as a whole. It has no table: its content type carries the permissions of the roles."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [(act, f"May {meaning}") for act, meaning in ACTS.items()]


class ApiToken(models.Model):
    """An API token. It acts as `owner`, limited to the permissions of `role`. Only its hash is stored."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=10, choices=[(role.value, role.value.title()) for role in Role])
    digest = models.CharField(max_length=64, unique=True)
    start = models.CharField(max_length=12, help_text="Its first letters, to tell it from others.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Exact to a minute.")

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"

    @property
    def standing(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "valid"


class KeptLogEntry(models.Model):
    """An entry of the admin's log by somebody whose account is deleted; see `former_people`."""

    by = models.CharField(max_length=NAME_LENGTH_MAX)
    at = models.DateTimeField()
    flag = models.PositiveSmallIntegerField()
    content_type = models.ForeignKey("contenttypes.ContentType", null=True, on_delete=models.SET_NULL)
    object_id = models.TextField(null=True)
    object_repr = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["at", "id"], name="kept_log_at")]

    def __str__(self) -> str:
        return f"{self.object_repr} by {self.by}"


class OpenSession(models.Model):
    """What a person is shown of one of their sessions; see `config.accounts.sessions`."""

    session_key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="open_sessions")
    signed_in_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="Exact to a minute.")
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.user} since {self.signed_in_at}"
