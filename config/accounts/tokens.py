"""API tokens: create one, and authenticate by one.

The text of a token is shown once, and stored as a SHA-256 hash. Who may use a page or a call is decided in
`config.accounts.permissions`.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.accounts import roles
from config.accounts.models import ApiToken
from config.accounts.permissions import ROLES, TOKEN_ID, TOKEN_ROLE, Role, may
from config.lib.errors import ConfigError

PREFIX = "sgb_"
SECRET_BYTES = 32
TEXT_CHARS_MAX = 100
START_CHARS = 10
DAYS_MAX = 3_650
OWNED_MAX = 50
USE_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(ConfigError):
    """That token cannot be made."""


def make(owner: User, name: str, role: Role, days: int | None = None) -> tuple[ApiToken, str]:
    """Creates a token and returns its row and its text, which is not stored.

    `days` is its lifetime; None: it does not expire. Raises TokenRefused if the role has permissions that the
    owner lacks, or the owner has `OWNED_MAX` usable tokens.
    """
    if role not in grantable_roles(owner):
        raise TokenRefused(f"{owner.get_username()} may not do all that the role {role} may")
    if usable(owner.api_tokens.all()).count() >= OWNED_MAX:
        raise TokenRefused(f"{owner.get_username()} has {OWNED_MAX} tokens already; revoke one first")
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    expires_at = None if days is None else timezone.now() + timedelta(days=days)
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        role=role,
        digest=_digest(text),
        start=text[:START_CHARS],
        expires_at=expires_at,
    )
    return token, text


def grantable_roles(owner: User) -> list[Role]:
    """Roles that a token of this owner may have: those without permissions that the owner lacks."""
    return [role for role, acts in ROLES.items() if all(may(owner, act) for act in acts)]


def usable(tokens: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
    return tokens.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


def redeem(text: str) -> User | None:
    """Returns the user of a token, limited to its role; None if it is unknown, expired or revoked."""
    if not text.startswith(PREFIX) or len(text) > TEXT_CHARS_MAX:
        return None
    tokens = usable(ApiToken.objects.filter(digest=_digest(text), owner__is_active=True))
    token = tokens.select_related("owner").first()
    if token is None:
        return None
    _note_use(token)
    user = token.owner
    setattr(user, TOKEN_ROLE, Role(token.role))
    setattr(user, TOKEN_ID, token.pk)
    return user


def service_account(name: str, role: Role) -> User:
    """Returns the account that owns the tokens of a command, and creates it without a password if needed.

    The role is added only to an account without a password: the roles of a person stay as they are.
    """
    user, is_new = User.objects.get_or_create(username=name)
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not user.has_usable_password():
        roles.add(user, role)
    return user


def _note_use(token: ApiToken) -> None:
    """Updates `last_used_at` at most once a minute, so that a busy token costs few writes."""
    now = timezone.now()
    due = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)


def _digest(text: str) -> str:
    """A random secret of 256 bits cannot be guessed, so it needs neither a salt nor a slow hash."""
    return sha256(text.encode()).hexdigest()
