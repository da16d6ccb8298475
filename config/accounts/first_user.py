"""The first account of an installation, its one-time sign-in link, and the lockout page.

Roles are in `config.accounts.roles`, API tokens in `config.accounts.tokens`.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from axes.helpers import get_client_username
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.accounts import roles
from config.accounts.permissions import Role
from config.accounts.second_factor import sign_in

FIRST_USER = "admin"
LINK_AGE_S = 1_800
LINK_SALT = "config.accounts.first_user.first_sign_in"
PASSWORD_BYTES = 12
BACKEND = "django.contrib.auth.backends.ModelBackend"


def create_first_user() -> str | None:
    """Creates the first user and returns the password; returns None if any user exists."""
    users = get_user_model().objects
    if users.exists():
        return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user = users.create_superuser(FIRST_USER, password=password)
    roles.give(user, Role.ADMIN)
    return password


def sign_in_path() -> str | None:
    """Path of a link that signs the first user in, once and within `LINK_AGE_S`; None without such a user."""
    user = get_user_model().objects.filter(username=FIRST_USER, is_active=True, is_superuser=True).first()
    if user is None:
        return None
    token = signing.dumps([user.pk, _stamp(user)], salt=LINK_SALT)
    return f"{reverse('first-sign-in')}?{urlencode({'t': token})}"


def locked_out(request: HttpRequest, credentials: Any = None) -> HttpResponse:
    """Response of django-axes while a username is locked out from an address."""
    context = {
        "username": get_client_username(request, credentials),
        "failure_limit": settings.AXES_FAILURE_LIMIT,
        "minutes": settings.AXES_COOLOFF_TIME.seconds // 60,
    }
    return render(request, "registration/locked.html", context, status=429)


@never_cache
@require_GET
def first_sign_in(request: HttpRequest) -> HttpResponse:
    user = _redeem(request.GET.get("t", ""))
    if user is None:
        messages.error(request, "That sign-in link was used or has expired. Sign in with your password.")
        return redirect(settings.LOGIN_URL)
    return redirect(settings.LOGIN_REDIRECT_URL if sign_in(request, user, BACKEND) else "sign-in-code")


def _redeem(token: str) -> User | None:
    """Returns the user of a valid link, else None.

    The link is signed over the user's last sign-in, so any sign-in uses it up. The conditional UPDATE lets
    one of several concurrent requests win.
    """
    try:
        key, stamp = signing.loads(token, salt=LINK_SALT, max_age=LINK_AGE_S)
    except (signing.BadSignature, ValueError):
        return None
    users = get_user_model().objects.filter(pk=key, is_active=True)
    user = users.first()
    if user is None or _stamp(user) != stamp:
        return None
    updated = users.filter(last_login=user.last_login).update(last_login=timezone.now())
    return user if updated else None


def _stamp(user: Any) -> str:
    return user.last_login.isoformat() if user.last_login else ""
