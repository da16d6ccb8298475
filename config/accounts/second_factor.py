"""Second factor of sign-in: time-based codes (TOTP) and recovery codes, by django-otp.

Who has set it up is signed in only after a code: until then the session holds a note of who gave a password,
and lets nobody in, neither to pages nor to the API nor to sockets. API tokens are not asked for codes.
"""

from __future__ import annotations

import time
from typing import Any

import segno
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

PENDING = "second_factor_pending"  # in the data of a session
PENDING_AGE_S = 600
MISSING = "second_factor_missing"  # attribute of a user object, as Django keeps permissions on it
RECOVERY_CODES = 10
QR_SCALE = 5
clock = time.time


def is_set_up(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def sign_in(request: HttpRequest, user: User, backend: str) -> bool:
    """Signs a person in whose password or link holds. Returns False if a code is needed first."""
    if not is_set_up(user):
        login(request, user, backend=backend)
        return True
    request.session.flush()
    note = {"user": user.pk, "backend": backend, "hash": user.get_session_auth_hash(), "at": int(clock())}
    request.session[PENDING] = note
    return False


def pending_user(request: HttpRequest) -> User | None:
    """The person who gave a password in this session and is asked for a code; None without, or too late."""
    note = request.session.get(PENDING)
    if not note or clock() - note["at"] > PENDING_AGE_S:
        return None
    user = User.objects.filter(pk=note["user"], is_active=True).first()
    return user if user and user.get_session_auth_hash() == note["hash"] else None


def complete(request: HttpRequest, user: User) -> None:
    """Signs in the person of `pending_user`, who gave a code that holds."""
    login(request, user, backend=request.session.pop(PENDING)["backend"])


def accepts(request: HttpRequest, user: User, code: str) -> bool:
    """Whether a code of the app, or a recovery code, holds; it does once. A wrong one is a failed sign-in."""
    credentials = {"username": user.get_username()}
    if not AxesProxyHandler.is_allowed(request, credentials):
        vars(request)["axes_locked_out"] = True  # makes the lockout page the answer
        user_login_failed.send(__name__, credentials=credentials, request=request)
        return False
    text = "".join(code.split()).lower()
    kind = TOTPDevice if text.isascii() and text.isdigit() else StaticDevice
    device = kind.objects.filter(user=user, confirmed=True).first()
    if device is not None and verify_token(user, device.persistent_id, text):
        return True
    user_login_failed.send(__name__, credentials=credentials, request=request)
    return False


def unconfirmed(user: User) -> TOTPDevice:
    """The key that somebody is about to set up; a new one if there is none."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    return device


def qr_code(device: TOTPDevice) -> str:
    """The key of a device as an image, in a `data:` address."""
    return str(segno.make(device.config_url, error="m").svg_data_uri(scale=QR_SCALE, border=4, light="#fff"))


def set_up(user: User, code: str) -> list[str] | None:
    """Sets the factor up if the code shows that the app has the key. Returns recovery codes, else None."""
    device = unconfirmed(user)
    with transaction.atomic():
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        if not verify_token(user, device.persistent_id, "".join(code.split())):
            TOTPDevice.objects.filter(pk=device.pk).update(confirmed=False)
            return None
        TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
        _log(user, "Second factor set up.")
        return new_recovery_codes(user)


def new_recovery_codes(user: User) -> list[str]:
    """Replaces the recovery codes, each of which holds once."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
        _log(user, "Recovery codes made.")
    return codes


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def remove(user: User, by: User | None = None) -> bool:
    """Takes the factor away. Returns whether there was one."""
    with transaction.atomic():
        removed, _ = TOTPDevice.objects.filter(user=user, confirmed=True).delete()
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        if removed:
            _log(user, "Second factor removed.", by)
    return bool(removed)


def _log(user: User, text: str, by: User | None = None) -> None:
    people = User.objects.filter(pk=user.pk)
    LogEntry.objects.log_actions((by or user).pk, people, CHANGE, text, single_object=True)


def is_missing(user: Any) -> bool:
    """Whether a person must first set up a second factor: with `REQUIRE_TOTP`, operators and admins.

    Accounts without a password, which own tokens alone, cannot sign in and are not asked.
    """
    if not settings.REQUIRE_TOTP or not user.is_authenticated or not user.has_usable_password():
        return False
    if getattr(user, MISSING, None) is None:
        strong = any(user.has_perm(f"config.{act}") for act in ("operate", "administer"))
        setattr(user, MISSING, strong and not is_set_up(user))
    return bool(getattr(user, MISSING))


def forget(user: Any) -> None:
    """Has `is_missing` look again, after something changed."""
    setattr(user, MISSING, None)
