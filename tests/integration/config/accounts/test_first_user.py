"""The first user and the link that signs them in, once and soon."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from config.accounts import first_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def link() -> str:
    first_user.create_first_user()
    path = first_user.sign_in_path()
    assert path is not None
    return path


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_the_first_user_is_made_once(client):
    password = first_user.create_first_user()
    assert password is not None and len(password) >= 16
    client.post(reverse("login"), {"username": "admin", "password": password})
    assert is_signed_in(client)
    assert User.objects.get().is_superuser
    assert first_user.create_first_user() is None


def test_no_first_user_beside_others():
    User.objects.create_user("somebody")
    assert first_user.create_first_user() is None
    assert first_user.sign_in_path() is None


def test_the_link_signs_in(client, link):
    answer = client.get(link)
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert "no-store" in answer["Cache-Control"]
    assert is_signed_in(client)


def test_the_link_works_once(client, link):
    client.get(link)
    client.logout()
    assert client.get(link)["Location"] == reverse("login")
    assert not is_signed_in(client)


def test_a_look_ahead_does_not_use_it_up(client, link):
    assert client.head(link).status_code == 405
    client.get(link)
    assert is_signed_in(client)


def test_any_sign_in_uses_it_up(client, link):
    client.force_login(User.objects.get())
    client.logout()
    client.get(link)
    assert not is_signed_in(client)


def test_an_old_link_is_refused(client, link, monkeypatch):
    monkeypatch.setattr(first_user, "LINK_AGE_S", -1)
    client.get(link)
    assert not is_signed_in(client)


def test_a_deactivated_user_is_refused(client, link):
    User.objects.update(is_active=False)
    client.get(link)
    assert not is_signed_in(client)


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "é" * 5000])
def test_a_forged_link_is_refused_with_a_message(client, token):
    answer = client.get(reverse("first-sign-in"), {"t": token}, follow=True)
    assert answer.status_code == 200
    assert "used or has expired" in answer.content.decode()
    assert not is_signed_in(client)
