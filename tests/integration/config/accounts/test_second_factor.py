"""The second factor: set up with an app, asked for at every door of signing in, reset by an admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.accounts import first_user, second_factor, tokens
from config.accounts.models import OpenSession
from config.accounts.permissions import Role
from config.lib.commands import Refused
from runs.live import access
from tests.people import client_of, person
from tests.security.cast import bearer

pytestmark = pytest.mark.django_db
PASSWORD = "a-right-password-42"


@pytest.fixture
def olga() -> User:
    user = person("olga", "operator")
    user.set_password(PASSWORD)
    user.save()
    return user


def code_of(user: User) -> str:
    """The code that the user's app shows; the last one may be given again, as no test waits for the next."""
    device = TOTPDevice.objects.get(user=user)
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1, throttling_failure_count=0)
    StaticDevice.objects.filter(user=user).update(throttling_failure_count=0)
    return f"{TOTP(device.bin_key).token():06d}"


def set_up(user: User) -> list[str]:
    second_factor.unconfirmed(user)
    codes = second_factor.set_up(user, code_of(user))
    assert codes
    return codes


def give_password(page: str = "login", next_address: str = "") -> Client:
    client = Client()
    sent = {"username": "olga", "password": PASSWORD, "next": next_address}
    assert client.post(reverse(page), sent).status_code == 302
    return client


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def test_it_is_set_up_on_the_account_page_with_a_code_of_the_app(olga: User) -> None:
    client, other = give_password(), give_password()
    assert is_signed_in(client) and is_signed_in(other)
    page = client.get(reverse("second-factor")).content.decode()
    assert 'src="data:image/svg+xml' in page and "<script>" not in page
    key = "".join(re.findall(r"data-key>([A-Z2-7 ]+)<", page)[0].split())
    assert second_factor.unconfirmed(olga).config_url.endswith("issuer=Sagaboard")
    assert key in second_factor.unconfirmed(olga).config_url
    wrong = client.post(reverse("second-factor"), {"code": "000000", "act": "set_up"})
    assert wrong.status_code == 422 and not second_factor.is_set_up(olga)
    done = client.post(reverse("second-factor"), {"code": code_of(olga), "act": "set_up"}).content.decode()
    codes = re.findall(r"^(?:.*data-codes>)?([a-z2-7]{8})$", done, flags=re.MULTILINE)
    assert len(codes) == len(set(codes)) == second_factor.RECOVERY_CODES
    assert second_factor.is_set_up(olga)
    assert is_signed_in(client) and not is_signed_in(other), "what a password alone opened is closed"
    again = client.get(reverse("second-factor")).content.decode()
    assert not [code for code in codes if code in again] and key[:4] not in again
    logged = LogEntry.objects.filter(user=olga).values_list("change_message", flat=True)
    assert "Second factor set up." in str(list(logged))


@pytest.mark.parametrize("door", ["login", "admin:login"])
def test_a_password_alone_lets_in_nowhere(olga: User, door: str) -> None:
    set_up(olga)
    client = give_password(door)
    assert not is_signed_in(client)
    assert client.get("/api/v1/runs").status_code == 401
    assert client.get(reverse("admin:index")).status_code == 302
    key = client.session.session_key or ""
    assert access.watching([(key, olga.pk, None)]) == {}
    assert not OpenSession.objects.exists() and not AccessLog.objects.exists()
    answer = client.post(f"{reverse('sign-in-code')}?next=/runs/", {"code": code_of(olga)})
    assert answer["Location"] == "/runs/"
    assert is_signed_in(client)
    assert access.watching([(client.session.session_key or "", olga.pk, None)])
    assert AccessLog.objects.count() == 1


def test_the_link_of_the_first_user_asks_for_a_code_too() -> None:
    first_user.create_first_user()
    admin = User.objects.get()
    set_up(admin)
    client = Client()
    answer = client.get(first_user.sign_in_path() or "")
    assert answer["Location"] == reverse("sign-in-code") and not is_signed_in(client)
    client.post(reverse("sign-in-code"), {"code": code_of(admin)})
    assert is_signed_in(client)


def test_a_new_password_by_mail_does_not_pass_it_by(olga: User) -> None:
    set_up(olga)
    client = give_password()
    olga.set_password("another-word-77")
    olga.save()
    assert client.get(reverse("sign-in-code"))["Location"] == reverse("login")


def test_a_code_and_a_recovery_code_hold_once(olga: User) -> None:
    codes = set_up(olga)
    code = code_of(olga)
    assert give_code(code) and not give_code(code)
    code_of(olga)  # ends the wait after the wrong one
    assert give_code(codes[0].upper())
    assert not give_code(codes[0])
    assert second_factor.recovery_codes_left(olga) == second_factor.RECOVERY_CODES - 1


def give_code(code: str) -> bool:
    client = give_password()
    client.post(reverse("sign-in-code"), {"code": code})
    return is_signed_in(client)


@pytest.mark.parametrize("guess", ["000000", "aaaaaaaa", "٣٤٥٦٧٨", "1" * 19, "-1", "1e5"])
def test_wrong_codes_lock_like_wrong_passwords_and_no_password_resets_their_count(
    olga: User, settings: Any, guess: str
) -> None:
    set_up(olga)
    for tried in range(settings.AXES_FAILURE_LIMIT):
        client = give_password()  # that the password is right must not forget the wrong codes
        answer = client.post(reverse("sign-in-code"), {"code": guess})
        assert answer.status_code == (429 if tried == settings.AXES_FAILURE_LIMIT - 1 else 422)
    assert client.post(reverse("sign-in-code"), {"code": code_of(olga)}).status_code == 429
    assert not is_signed_in(client)
    assert guess not in str(list(AccessAttempt.objects.values("get_data", "post_data")))


def test_a_password_given_long_ago_is_asked_for_again(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(olga)
    client = give_password()
    now = second_factor.clock()
    monkeypatch.setattr(second_factor, "clock", lambda: now + second_factor.PENDING_AGE_S + 2)
    assert client.post(reverse("sign-in-code"), {"code": code_of(olga)})["Location"] == reverse("login")
    assert not is_signed_in(client)
    assert Client().get(reverse("sign-in-code"))["Location"] == reverse("login")


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_it_leads_nowhere_else_afterwards(olga: User, address: str) -> None:
    set_up(olga)
    client = give_password(next_address=address)
    sent = {"code": code_of(olga)}
    assert client.post(reverse("sign-in-code", query={"next": address}), sent)["Location"] == "/"


@pytest.mark.parametrize("act, gone", [("remove", True), ("codes", False)])
def test_changing_it_needs_a_code(olga: User, act: str, gone: bool) -> None:
    codes = set_up(olga)
    client = give_password()
    client.post(reverse("sign-in-code"), {"code": code_of(olga)})
    code_of(olga)
    assert client.post(reverse("second-factor"), {"code": "000000", "act": act}).status_code == 422
    assert second_factor.is_set_up(olga) and second_factor.recovery_codes_left(olga) == len(codes)
    client.post(reverse("second-factor"), {"code": code_of(olga), "act": act})
    assert second_factor.is_set_up(olga) is not gone
    assert second_factor.recovery_codes_left(olga) == (0 if gone else len(codes))
    assert not set(codes) & set(StaticDevice.objects.values_list("token_set__token", flat=True))


def test_tokens_are_not_asked_for_codes(olga: User, settings: Any) -> None:
    _, text = tokens.make(olga, "ci", Role.OPERATOR)
    settings.REQUIRE_TOTP = True
    assert bearer(text).get("/api/v1/runs").status_code == 200
    settings.REQUIRE_TOTP = False
    set_up(olga)
    assert bearer(text).get("/api/v1/runs").status_code == 200
    call_command("create_token", "robot", "--role", "operator")


@pytest.mark.parametrize("role, asked", [("viewer", 0), ("designer", 0), ("operator", 1), ("admin", 1)])
def test_it_is_compulsory_for_operators_and_admins_if_a_setting_says_so(
    settings: Any, role: str, asked: bool
) -> None:
    client = client_of("olga", role)
    olga = User.objects.get(username="olga")
    olga.set_password(PASSWORD)
    olga.save()
    client.force_login(olga)
    settings.REQUIRE_TOTP = True
    answer = client.get("/runs/")
    assert (answer.status_code, answer.headers.get("Location")) == (
        (302, reverse("second-factor")) if asked else (200, None)
    )
    assert client.get("/api/v1/runs").status_code == (403 if asked else 200)
    assert bool(access.watching([(client.session.session_key or "", olga.pk, None)])) is not asked
    assert is_signed_in(client)
    if asked:
        assert "Your role needs a second factor" in client.get(reverse("second-factor")).content.decode()
        client.post(reverse("second-factor"), {"code": code_of(olga), "act": "set_up"})
    assert client.get("/runs/").status_code == client.get("/api/v1/runs").status_code == 200


def test_a_command_takes_it_away(olga: User, capsys: Any) -> None:
    set_up(olga)
    call_command("reset_second_factor", "olga")
    assert "olga: the second factor is removed" in capsys.readouterr().out
    assert is_signed_in(give_password())
    with pytest.raises(Refused):
        call_command("reset_second_factor", "nobody")


def test_no_page_of_the_admin_shows_keys() -> None:
    client = client_of("root", "admin")
    for path in ("otp_totp/totpdevice/", "otp_static/staticdevice/"):
        assert client.get(f"/admin/{path}").status_code == 404
