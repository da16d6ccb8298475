"""Tokens of the API: shown once, kept as a hash, narrowed to a role, ended in time or by hand."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.accounts import roles, tokens
from config.accounts.models import ApiToken
from config.accounts.permissions import ACTS, ROLES, Role, may
from tests.people import client_of, person

pytestmark = pytest.mark.django_db


def call(text: str, path: str = "/api/v1/runs", method: str = "get", **more):
    return getattr(Client(enforce_csrf_checks=True), method)(
        path, headers={"Authorization": f"Bearer {text}"}, **more
    )


def made(role: str = "operator", **fields) -> str:
    _, text = tokens.make(person("ada", "admin"), "robot", Role(role), **fields)
    return text


@pytest.mark.parametrize("role", Role)
def test_a_token_may_what_its_role_may_although_its_owner_may_more(role):
    user = tokens.redeem(made(role))
    assert user is not None
    assert [act for act in ACTS if may(user, act)] == list(ROLES[role])


def test_the_api_takes_a_token_without_session_and_csrf_token():
    text = made("viewer")
    assert call(text).status_code == 200
    refused = call(text, "/api/v1/workflows/none/runs", "post", data={}, content_type="application/json")
    assert refused.status_code == 403 and "may not operate" in refused.json()["detail"]
    started = call(
        made_for("ops"), "/api/v1/workflows/none/runs", "post", data={}, content_type="application/json"
    )
    assert started.status_code == 404


def made_for(name: str) -> str:
    return tokens.make(person(name, "operator"), "robot", Role.OPERATOR)[1]


@pytest.mark.parametrize("text", ["", "x", "sgb_", "sgb_" + "a" * 43, "é", "sgb_" + "x" * 10_000])
def test_an_unknown_token_is_refused_even_beside_a_session(text):
    client = client_of("ada", "admin")
    answer = client.get("/api/v1/runs", headers={"Authorization": f"Bearer {text}".encode().decode("latin1")})
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_nothing_that_is_stored_gives_the_token_away():
    text = made()
    row = ApiToken.objects.values().get()
    assert text not in str(row) and text[10:] not in str(row)
    assert row["digest"] != text


def test_it_ends_by_time_by_hand_and_with_its_owner():
    text = made(days=1)
    assert tokens.redeem(text)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert call(text).status_code == 401
    ApiToken.objects.update(expires_at=None, revoked_at=timezone.now())
    assert call(text).status_code == 401
    ApiToken.objects.update(revoked_at=None)
    roles.give(User.objects.get(username="ada"), Role.VIEWER)
    user = tokens.redeem(text)
    assert user is not None and not may(user, "operate")
    User.objects.update(is_active=False)
    assert tokens.redeem(text) is None


def test_its_use_is_noted_at_most_once_a_minute(django_assert_num_queries):
    text = made()
    tokens.redeem(text)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        tokens.redeem(text)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    tokens.redeem(text)
    noted = ApiToken.objects.get().last_used_at
    assert noted is not None and noted >= first


class TestPage:
    def test_it_is_made_shown_once_and_revoked(self):
        client = client_of("olga", "operator")
        page = client.post(reverse("account"), {"name": "<b>ci", "role": "operator", "days": "30"})
        text = page.context["made"]
        assert text in page.content.decode() and "&lt;b&gt;ci" in page.content.decode()
        assert "no-store" in page["Cache-Control"]
        assert text not in client.get(reverse("account")).content.decode()
        assert call(text).status_code == 200
        url = reverse("token-revoke", args=[ApiToken.objects.get().pk])
        assert client_of("other", "admin").post(url).status_code == 404
        assert client.post(url, follow=True).status_code == 200
        assert call(text).status_code == 401

    @pytest.mark.parametrize(
        "field",
        [{"role": "admin"}, {"role": "designer"}, {"days": "0"}, {"days": "9999"}, {"name": "x" * 101}],
    )
    def test_no_more_than_the_person_may(self, field):
        client = client_of("olga", "operator")
        sent = {"name": "ci", "role": "viewer", "days": "30", **field}
        assert client.post(reverse("account"), sent).status_code == 422
        assert not ApiToken.objects.exists()

    def test_there_is_a_limit(self, monkeypatch):
        monkeypatch.setattr(tokens, "OWNED_MAX", 1)
        client = client_of("olga", "operator")
        sent = {"name": "ci", "role": "viewer", "days": "30"}
        client.post(reverse("account"), sent)
        assert "revoke one first" in client.post(reverse("account"), sent).content.decode()

    def test_strangers_sign_in_first_and_a_token_opens_no_page(self):
        assert Client().get(reverse("account")).status_code == 302
        assert call(made(), reverse("account")).status_code == 302

    def test_an_administrator_sees_all_and_revokes(self):
        text = made()
        client = client_of("root", "admin")
        url = reverse("admin:config_apitoken_changelist")
        page = client.get(url).content.decode()
        assert "robot" in page
        detail = client.get(reverse("admin:config_apitoken_change", args=[ApiToken.objects.get().pk]))
        assert ApiToken.objects.get().digest not in page + detail.content.decode()
        client.post(url, {"action": "revoke", "_selected_action": [ApiToken.objects.get().pk]})
        assert tokens.redeem(text) is None


class TestCommands:
    def printed(self, *words: str) -> str:
        out = io.StringIO()
        call_command(*words, stdout=out, stderr=io.StringIO())
        return out.getvalue().strip()

    def test_a_token_is_printed_alone_and_acts_for_an_account_of_its_name(self):
        text = self.printed("create_token", "ci", "--role", "operator", "--days", "3")
        user = tokens.redeem(text)
        assert user is not None and user.username == "ci" and not user.has_usable_password()
        assert may(user, "operate") and not may(user, "design")
        again = tokens.redeem(self.printed("create_token", "ci", "--role", "admin"))
        assert again is not None and may(again, "administer")
        user = tokens.redeem(text)
        assert user is not None and not may(user, "administer")

    def test_a_person_is_not_given_more_by_it(self):
        user = person("olga", "operator")
        user.set_password("x")
        user.save()
        with pytest.raises(CommandError, match="may not do all"):
            self.printed("create_token", "olga", "--role", "admin")
        assert roles.of(user) == [Role.OPERATOR]

    @pytest.mark.parametrize("name", ["", "a b", "x" * 151, "<b>"])
    def test_a_name_that_is_none_is_refused(self, name):
        for words in (["create_token", name, "--role", "viewer"], ["add_user", name, "--role", "viewer"]):
            with pytest.raises(CommandError, match="is no name of an account"):
                self.printed(*words)
        assert not User.objects.exists()

    def test_a_person_is_added_and_given_other_roles(self):
        said = self.printed("add_user", "olga", "--role", "operator", "--email", "o@example.org")
        password = said.split("Password: ")[1].split()[0]
        assert Client().post(reverse("login"), {"username": "olga", "password": password}).status_code == 302
        assert "Password" not in self.printed("add_user", "olga", "--role", "viewer", "--role", "designer")
        user = User.objects.get()
        assert (roles.of(user), user.email) == ([Role.VIEWER, Role.DESIGNER], "o@example.org")
        with pytest.raises(CommandError, match="no e-mail address"):
            self.printed("add_user", "bob", "--role", "viewer", "--email", "x")


@pytest.mark.django_db(transaction=True)
class TestSockets:
    @pytest.mark.parametrize(("text", "closes"), [(None, 4401), ("sgb_nothing", 4401), ("made", None)])
    async def test_a_socket_takes_a_token(self, redis_client, text, closes):
        from asgiref.sync import sync_to_async

        from config.asgi import application

        value = await sync_to_async(made)("viewer") if text == "made" else text
        headers = [] if value is None else [(b"authorization", f"Bearer {value}".encode())]
        socket = WebsocketCommunicator(application, "/ws/runs/", headers=headers)
        await socket.connect()
        if closes:
            assert (await socket.receive_output(timeout=5)) == {"type": "websocket.close", "code": closes}
        else:
            assert await socket.receive_nothing(timeout=0.3)
        await socket.disconnect()
