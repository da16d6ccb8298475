"""Signing in: the lock after wrong passwords, changed passwords, what is kept of it."""

from __future__ import annotations

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.people import client_of, person

pytestmark = pytest.mark.django_db
RIGHT = "a-right-password-42"


@pytest.fixture
def olga():
    user = person("olga", "operator", email="olga@example.org")
    user.set_password(RIGHT)
    user.save()
    return user


def try_in(password: str, name: str = "olga", address: str = "10.0.0.1", page: str = "login"):
    client = Client(REMOTE_ADDR=address)
    return client.post(reverse(page), {"username": name, "password": password})


def lock(settings, **where) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        last = try_in("wrong", **where)
    assert last.status_code == 429


@pytest.mark.parametrize("page", ["login", "admin:login"])
def test_wrong_passwords_lock_and_the_page_says_for_how_long(olga, settings, page):
    lock(settings, page=page)
    answer = try_in(RIGHT, page=page)
    text = answer.content.decode()
    assert answer.status_code == 429
    assert "Too many attempts" in text and "15 minutes" in text and "olga" in text
    assert "Content-Security-Policy" in answer


def test_nobody_else_is_locked_out(olga, settings):
    lock(settings)
    assert try_in(RIGHT, address="10.0.0.2").status_code == 302
    other = person("bob", "viewer")
    other.set_password(RIGHT)
    other.save()
    assert try_in(RIGHT, name="bob").status_code == 302


def test_the_lock_ends_by_an_administrator_and_a_right_password_forgets_earlier_failures(olga, settings):
    lock(settings)
    call_command("axes_reset_username", "olga")
    assert try_in(RIGHT).status_code == 302
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert try_in("wrong").status_code == 200
        assert try_in(RIGHT).status_code == 302


def test_markup_in_a_name_stays_text(settings):
    lock(settings, name="<script>alert(1)</script>")
    text = try_in("x", name="<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_a_forged_forwarding_address_changes_nothing_without_a_proxy(olga, settings):
    lock(settings)
    client = Client(REMOTE_ADDR="10.0.0.1")
    sent = {"username": "olga", "password": RIGHT}
    assert client.post(reverse("login"), sent, headers={"X-Forwarded-For": "9.9.9.9"}).status_code == 429


def test_who_signed_in_and_who_failed_is_kept_and_no_password_is(olga):
    try_in("a-secret-guess")
    try_in(RIGHT)
    assert AccessLog.objects.get().username == "olga"
    assert AccessFailureLog.objects.get().ip_address == "10.0.0.1"
    client = client_of("root", "admin")
    for model in ("accesslog", "accessattempt", "accessfailurelog"):
        page = client.get(reverse(f"admin:axes_{model}_changelist"))
        assert page.status_code == 200
        assert "a-secret-guess" not in page.content.decode()
    assert client_of("oz", "operator").get(reverse("admin:axes_accesslog_changelist")).status_code == 403


def test_a_changed_password_ends_other_sessions(olga):
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(olga)
    sent = {"old_password": RIGHT, "new_password1": "another-word-77", "new_password2": "another-word-77"}
    weak = here.post(reverse("password_change"), sent | {"new_password1": "x9!", "new_password2": "x9!"})
    assert "at least 12 characters" in weak.content.decode()
    done = here.post(reverse("password_change"), sent, follow=True)
    assert "Your password is changed" in done.content.decode()
    assert here.get(reverse("account")).status_code == 200
    assert there.get(reverse("account")).status_code == 302


PASSWORDS = {"old_password": RIGHT, "new_password1": "another-word-77", "new_password2": "another-word-77"}


@pytest.mark.parametrize("door", ["password_change", "admin:password_change"])
def test_an_open_session_helps_nobody_to_guess_the_password(olga, settings, door):
    client = Client(REMOTE_ADDR="10.0.0.1")
    client.force_login(olga)
    address = client.get(reverse(door), follow=True).request["PATH_INFO"]
    guesses = [f"a-guess-{number}" for number in range(settings.AXES_FAILURE_LIMIT)]
    answers = [client.post(address, PASSWORDS | {"old_password": guess}) for guess in guesses]
    assert [answer.status_code for answer in answers] == [200] * (len(guesses) - 1) + [429]
    assert "as <strong>olga</strong>" in answers[-1].content.decode()
    assert client.post(address, PASSWORDS).status_code == 429
    assert try_in(RIGHT).status_code == 429
    assert User.objects.get(pk=olga.pk).check_password(RIGHT)
    assert AccessFailureLog.objects.filter(path_info=address).count() == len(guesses) + 1


def test_guesses_at_both_doors_count_together(olga, settings):
    client = Client(REMOTE_ADDR="10.0.0.1")
    client.force_login(olga)
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert try_in("wrong").status_code == 200
    assert client.post(reverse("password_change"), PASSWORDS | {"old_password": "wrong"}).status_code == 429


def test_of_a_refused_change_no_password_is_kept(olga):
    client = Client()
    client.force_login(olga)
    client.post(reverse("password_change"), PASSWORDS | {"old_password": "a-secret-guess"})
    kept = str([list(model.objects.values()) for model in (AccessAttempt, AccessFailureLog, AccessLog)])
    assert "olga" in kept
    assert not [value for value in ("a-secret-guess", "another-word-77", RIGHT) if value in kept]
