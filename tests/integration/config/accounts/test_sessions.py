"""Sessions: when they end by themselves, what is written of their use, and what a person sees and ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.accounts import sessions
from config.accounts.models import OpenSession
from tests.people import client_of, person

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
)


class Clock:
    def __init__(self) -> None:
        self.now = timezone.now().timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    given = Clock()
    monkeypatch.setattr(sessions, "clock", given)
    return given


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def writes(client: Client) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert is_signed_in(client)
    return [it["sql"] for it in queries if it["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]


def test_a_session_ends_when_it_is_idle_and_lives_on_by_its_use(clock: Clock, settings) -> None:
    client = client_of("viv", "viewer")
    for _ in range(3):
        assert is_signed_in(client)
        clock.now += settings.SESSION_COOKIE_AGE - 1
    assert is_signed_in(client)
    clock.now += settings.SESSION_COOKIE_AGE
    assert not is_signed_in(client)
    assert not Session.objects.exists()


def test_no_use_makes_a_session_older_than_its_maximum(clock: Clock, settings) -> None:
    client = client_of("viv", "viewer")
    end = clock.now + settings.SESSION_AGE_MAX_S
    while clock.now < end:
        assert is_signed_in(client)
        left = Session.objects.get().expire_date - timezone.now()
        assert left <= timedelta(seconds=end - clock.now + 1)
        clock.now += settings.SESSION_COOKIE_AGE / 2
    assert not is_signed_in(client)


def test_an_expired_session_lets_nobody_in_without_a_look_at_the_clock() -> None:
    client = client_of("viv", "viewer")
    assert is_signed_in(client)
    assert timezone.now() < Session.objects.get().expire_date
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_signed_in(client)


def test_the_use_is_written_once_a_minute_at_most_and_renews_the_cookie(clock: Clock, settings) -> None:
    client = client_of("viv", "viewer")
    assert writes(client)
    for _ in range(3):
        for _ in range(sessions.SEEN_EVERY_S - 1):
            clock.now += 1
        assert not writes(client)
        clock.now += 1
        answer = client.get(reverse("account"))
        assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == settings.SESSION_COOKIE_AGE
        assert not writes(client)


def test_strangers_and_programs_have_no_session_to_note() -> None:
    Client().get(reverse("login"))
    Client().get("/api/v1/runs", headers={"Authorization": "Bearer x"})
    assert not OpenSession.objects.exists() and not Session.objects.exists()


def signed_in(user: User, agent: str, address: str) -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    client.force_login(user)
    assert is_signed_in(client)
    return client


def test_people_see_their_sessions_and_end_one_or_all_others() -> None:
    viv = person("viv", "viewer")
    here, there, phone = (
        signed_in(viv, agent, f"10.0.0.{number}") for number, agent in enumerate([FIREFOX, EDGE, PHONE])
    )
    stranger = signed_in(person("ada", "admin"), FIREFOX, "10.9.9.9")
    page = here.get(reverse("account")).content.decode()
    for text in ("Firefox on Linux", "Edge on Windows", "Safari on iPhone", "10.0.0.1", "this one"):
        assert text in page
    assert page.count("this one") == 1 and "10.9.9.9" not in page
    row = OpenSession.objects.get(ip_address="10.0.0.1")
    assert stranger.post(reverse("session-end", args=[row.pk])).status_code == 404
    assert (
        "That session is ended"
        in here.post(reverse("session-end", args=[row.pk]), follow=True).content.decode()
    )
    assert (is_signed_in(here), is_signed_in(there), is_signed_in(phone)) == (True, False, True)
    here.post(reverse("session-end-others"))
    assert (is_signed_in(here), is_signed_in(phone), is_signed_in(stranger)) == (True, False, True)


def test_ones_own_session_is_ended_by_signing_out_alone() -> None:
    viv = person("viv", "viewer")
    here = signed_in(viv, FIREFOX, "10.0.0.1")
    row = OpenSession.objects.get()
    assert here.post(reverse("session-end", args=[row.pk])).status_code == 404
    here.post(reverse("logout"))
    again = signed_in(viv, FIREFOX, "10.0.0.1")
    assert [found["is_this"] for found in sessions.listed(viv, again.session.session_key)] == [True]
    assert OpenSession.objects.count() == 1, "what ended is forgotten at the next sign-in"


def test_a_new_password_leaves_one_session_in_the_list() -> None:
    viv = person("viv", "viewer")
    viv.set_password("a-right-password-42")
    viv.save()
    here, there = (signed_in(viv, agent, "10.0.0.1") for agent in (FIREFOX, EDGE))
    sent = {
        "old_password": "a-right-password-42",
        "new_password1": "another-word-77",
        "new_password2": "another-word-77",
    }
    here.post(reverse("password_change"), sent)
    page = here.get(reverse("account")).content.decode()
    assert page.count("Firefox on Linux</strong>") == 1 and "Edge" not in page
    assert not is_signed_in(there)


@pytest.mark.parametrize(
    "agent, shown",
    [
        ("", "unknown"),
        ("python-requests/2.32", "python-requests/2.32"),
        ("x" * 5000, "x" * 60),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_browser_that_names_itself_otherwise_is_shown_as_text(agent: str, shown: str) -> None:
    client = signed_in(person("viv", "viewer"), agent, "10.0.0.1")
    assert sessions.browser_of(OpenSession.objects.get().user_agent) == shown
    assert "<script>alert" not in client.get(reverse("account")).content.decode()
