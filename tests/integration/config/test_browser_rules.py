"""What every page tells the browser, and how static files are served."""

import re

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def policy_of(answer) -> dict[str, list[str]]:
    rules = (rule.split() for rule in answer["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in rules}


@pytest.mark.parametrize("name", ["login", "admin:login"])
def test_nothing_inline_and_nothing_foreign_may_run(client, name):
    policy = policy_of(client.get(reverse(name)))
    assert policy["default-src"] == ["'self'"]
    assert set(policy["img-src"]) == {"'self'", "data:"}
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == policy["connect-src"] == ["'self'"]
    for values in policy.values():
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & set(values)
    for values in (policy["script-src"], policy["style-src"]):
        assert all(re.fullmatch(r"'self'|'nonce-[\w+/=-]+'", value) for value in values)


def test_headers_of_pages(client):
    answer = client.get(reverse("login"))
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_static_files_are_served(client):
    answer = client.get("/static/admin/css/base.css")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
    assert b"{" in answer.content
    again = client.get("/static/admin/css/base.css", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/../manage.py", "/static/%2e%2e/manage.py", "/static/nothing.css"])
def test_no_other_files_are_served(client, path):
    assert client.get(path).status_code == 404


def test_a_foreign_host_is_refused(client):
    assert client.get(reverse("login"), headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("name", ["admin:index", "django_rq:home"])
def test_strangers_are_sent_to_sign_in(client, name):
    assert client.get(reverse(name)).status_code == 302
