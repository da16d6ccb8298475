"""Tokens of the API: made, shown once, kept as a hash, and turned back into the person they act for."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.accounts import roles
from config.accounts.models import ApiToken
from config.accounts.permissions import ROLES, TOKEN_ROLE, Role, may
from config.lib.errors import ConfigError

MARK = "sgb_"
SECRET_BYTES = 32
TEXT_CHARS_MAX = 100
SHOWN_CHARS = 10
DAYS_MAX = 3_650
OWNED_MAX = 50
NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(ConfigError):
    """That token cannot be made."""


def make(owner: User, name: str, role: Role, days: int | None = None) -> tuple[ApiToken, str]:
    """The row and the token's text, which nothing keeps. Raises TokenRefused."""
    if role not in offered(owner):
        raise TokenRefused(f"{owner.get_username()} may not do all that the role {role} may")
    if usable(owner.api_tokens.all()).count() >= OWNED_MAX:
        raise TokenRefused(f"{owner.get_username()} has {OWNED_MAX} tokens already; revoke one first")
    text = MARK + secrets.token_urlsafe(SECRET_BYTES)
    expires_at = None if days is None else timezone.now() + timedelta(days=days)
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        role=role,
        digest=_digest(text),
        start=text[:SHOWN_CHARS],
        expires_at=expires_at,
    )
    return token, text


def offered(owner: User) -> list[Role]:
    """Roles that a token of that person may have."""
    return [role for role, acts in ROLES.items() if all(may(owner, act) for act in acts)]


def usable(tokens: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
    return tokens.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


def redeem(text: str) -> User | None:
    """Whom the token acts for, narrowed to its role; None where it does not hold."""
    if not text.startswith(MARK) or len(text) > TEXT_CHARS_MAX:
        return None
    found = usable(ApiToken.objects.filter(digest=_digest(text), owner__is_active=True))
    token = found.select_related("owner").first()
    if token is None:
        return None
    _note_use(token)
    user = token.owner
    setattr(user, TOKEN_ROLE, Role(token.role))
    return user


def service_account(name: str, role: Role) -> User:
    """The account without a password that tokens made by a command belong to; a person's stays as it is."""
    user, is_new = User.objects.get_or_create(username=name)
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not user.has_usable_password():
        roles.add(user, role)
    return user


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    due = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
        ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)


def _digest(text: str) -> str:
    """A random text of 256 bits needs no salt and no slow hash."""
    return sha256(text.encode()).hexdigest()
