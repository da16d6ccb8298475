"""`http_request` against a real API, with and without TLS, that misbehaves in every way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from config.lib import caches
from tests.http_api import GIGABYTE, HttpApi, http_api, write_certificate
from workers.connections import service
from workers.connections.service import ConnectionSpec
from workers.library.http.requests import http_request
from workers.sdk.outcome import Direction, Outcome
from workers.testing import outcome_of

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "s3cret-k€y"


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@pytest.fixture
def api(loopback: None) -> Iterator[HttpApi]:
    with http_api() as api:
        yield api


def called(api: HttpApi, url: str, direction: Direction = "forward", **params: Any) -> Outcome:
    url = url if "connection" in params else api.url + url
    return outcome_of(http_request, params={"url": url, **params}, direction=direction)


def output_of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.kind == "succeeded", outcome.failure
    output: dict[str, Any] = outcome.output
    return output


def connection(api: HttpApi, auth: str = "bearer", secret: str = "the-secret", **fields: Any) -> str:
    service.put_secret("key", secret)
    spec = ConnectionSpec("http", fields.pop("address", api.url), auth, secret="key", **fields)
    return service.put("shop", spec).name


# --- what is sent, and what comes back ---


def test_a_get_gives_status_headers_and_the_parsed_body(api: HttpApi) -> None:
    output = output_of(called(api, "/echo?a=1", query={"b": "x y", "c": [1, 2], "d": None}))
    assert output["status"] == 200
    assert output["headers"]["x-kind"] == "echo" and "set-cookie" not in output["headers"]
    assert output["body"]["query"] == {"a": "1", "b": "x y", "c": "2"}
    assert "idempotency-key" not in output["body"]["headers"]


def test_names_in_the_url_get_values_that_stay_one_part_of_the_path(api: HttpApi) -> None:
    path = {"id": "a/b?c#d ../é", "n": 7, "b": True}
    output_of(called(api, "/echo/{id}/{n}/{b}", path=path))
    assert api.requests[-1].path == "/echo/a%2Fb%3Fc%23d%20..%2F%C3%A9/7/true"


@pytest.mark.parametrize("path", [{"id": 1, "more": 2}, {"other": 1}, {"id": ".."}, {"id": ""}])
def test_values_of_the_path_fit_its_names(api: HttpApi, path: dict[str, Any]) -> None:
    outcome = called(api, "/echo/{id}", path=path)
    assert outcome.failure and outcome.failure.code == "bad_params" and not api.requests


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ({"json": {"a": [1, None]}}, "application/json", '{"a":[1,null]}'),
        ({"form": {"a": "x y", "b": 1}}, "application/x-www-form-urlencoded", "a=x+y&b=1"),
        ({"text": "Grüße"}, "text/plain; charset=utf-8", "Grüße"),
        ({"text": "<a/>", "headers": {"Content-Type": "text/xml"}}, "text/xml", "<a/>"),
    ],
)
def test_a_body_is_json_a_form_or_text(api: HttpApi, body: dict[str, Any], kind: str, text: str) -> None:
    sent = output_of(called(api, "/echo", method="POST", **body))["body"]
    assert sent["headers"]["content-type"] == kind
    assert sent["body"].replace(" ", "") == text.replace(" ", "")


def test_the_undo_sends_another_key_than_the_step_and_all_attempts_send_the_same(api: HttpApi) -> None:
    for direction in ("forward", "forward", "undo"):
        output_of(called(api, "/echo", direction, method="POST"))
    first, second, undo = [request.headers["idempotency-key"] for request in api.requests]
    assert first == second != undo


@pytest.mark.parametrize(
    ("path", "read_as", "body"),
    [
        ("/text", "auto", "Grüße"),
        ("/status/204", "auto", None),
        ("/broken_json", "auto", '{"a": 1, "a": 2'),
        ("/broken_json", "text", '{"a": 1, "a": 2'),
    ],
)
def test_a_body_that_is_no_json_is_text(api: HttpApi, path: str, read_as: str, body: Any) -> None:
    assert output_of(called(api, path, read_as=read_as))["body"] == body


# --- answers that are not right ---


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (402, False), (429, True), (503, True)])
def test_an_answer_that_is_not_expected_fails_under_its_status(
    api: HttpApi, status: int, retryable: bool
) -> None:
    outcome = called(api, f"/status/{status}", method="POST")
    assert outcome.kind == "failed" and outcome.failure
    assert (outcome.failure.code, outcome.failure.cause) == (f"http_{status}", f"http_{status // 100}xx")
    assert outcome.retryable is retryable and f"code_{status}" in outcome.failure.message


def test_a_refusal_keeps_the_answer_for_what_follows(api: HttpApi) -> None:
    output = called(api, "/status/402").output
    assert output["response"]["body"] == {"error": {"code": "code_402"}}


def test_expected_answers_are_a_list(api: HttpApi) -> None:
    assert output_of(called(api, "/status/404", expect=[200, 404]))["status"] == 404
    assert called(api, "/status/204", expect=[200]).kind == "failed"


@pytest.mark.parametrize(("method", "kind"), [("GET", "failed"), ("POST", "unknown"), ("DELETE", "unknown")])
@pytest.mark.parametrize("path", ["/status/500", "/status/502", "/short", "/dead", "/slow"])
def test_a_request_that_may_have_taken_effect_has_an_unknown_outcome(
    api: HttpApi, path: str, method: str, kind: str
) -> None:
    outcome = called(api, path, method=method, timeout=1.0 if path == "/slow" else 10.0)
    assert outcome.kind == kind and outcome.retryable


def test_the_author_may_know_that_a_server_error_means_that_nothing_was_done(api: HttpApi) -> None:
    assert called(api, "/status/500", method="POST", server_errors="failed").kind == "failed"


def test_500_then_fine(api: HttpApi) -> None:
    assert called(api, "/flaky").retryable
    assert output_of(called(api, "/flaky"))["body"] == {"try": 2}


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_server_says_when_it_wants_to_be_asked_again(api: HttpApi, form: str) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    outcome = called(api, "/status/429", query={"Retry-After": "100" if form == "seconds" else at})
    assert outcome.delay is not None and 95 < outcome.delay <= 100


def test_nobody_can_put_a_step_off_for_days(api: HttpApi) -> None:
    assert called(api, "/status/503", query={"Retry-After": "99999999"}).delay == 3_600


def test_a_huge_answer_is_not_read(api: HttpApi) -> None:
    outcome = called(api, "/huge")
    assert outcome.failure and outcome.failure.code == "too_large" and not outcome.retryable
    assert api.sent < GIGABYTE / 10


def test_the_timeout_is_for_the_whole_answer(api: HttpApi) -> None:
    began = time.monotonic()
    outcome = called(api, "/trickle", timeout=1)
    assert outcome.failure and outcome.failure.code == "timeout" and time.monotonic() - began < 5


def test_json_is_demanded(api: HttpApi) -> None:
    outcome = called(api, "/broken_json", read_as="json")
    assert outcome.failure and outcome.failure.code == "bad_response"
    assert called(api, "/broken_json", read_as="json", method="POST").kind == "unknown"


def test_nobody_listens(loopback: None) -> None:
    outcome = outcome_of(http_request, params={"url": "http://127.0.0.1:1/", "method": "POST"})
    assert outcome.failure and outcome.failure.code == "connect"
    assert outcome.kind == "failed" and outcome.retryable


@pytest.mark.parametrize(
    "params",
    [
        {"url": "ftp://example.org/"},
        {"url": "/charges"},
        {"url": "http://exa mple.org/"},
        {"url": "http://[::1/"},
        {"url": "http://example.org:99999/"},
        {"url": "http://\udcff/"},
    ],
)
def test_what_is_no_request_is_refused(loopback: None, params: dict[str, Any]) -> None:
    outcome = outcome_of(http_request, params=params)
    assert outcome.failure and outcome.failure.code in ("bad_request", "bad_params", "connect")


@pytest.mark.parametrize(
    "params",
    [
        {"json": 1, "text": "x"},
        {"headers": {"Host": "other"}},
        {"headers": {"X": "a\r\nY: b"}},
        {"expect": ["9xx"]},
        {"timeout": 0},
        {"methods": "GET"},
    ],
)
def test_bad_params_say_where(loopback: None, params: dict[str, Any]) -> None:
    outcome = outcome_of(http_request, params={"url": "http://localhost/", **params})
    assert outcome.failure and outcome.failure.code == "bad_params"


# --- verification ---


def test_it_verifies_by_asking_the_api(api: HttpApi) -> None:
    api.charges["7"] = {"id": "ch_7"}
    done = called(api, "/charges/7", "verify")
    assert done.output["outcome"] == "done" and done.output["output"]["body"] == {"id": "ch_7"}
    assert called(api, "/charges/8", "verify").output == {"outcome": "not_done"}
    assert called(api, "/status/500", "verify").kind == "failed"


# --- connections ---


@pytest.mark.parametrize(
    ("auth", "fields", "header"),
    [
        ("bearer", {}, ("authorization", "Bearer the-secret")),
        ("basic", {"username": "ada"}, ("authorization", "Basic YWRhOnRoZS1zZWNyZXQ=")),
        ("header", {"parameter": "X-Api-Key"}, ("x-api-key", "the-secret")),
    ],
)
def test_a_connection_signs_in_and_its_secret_is_masked(
    api: HttpApi, auth: str, fields: dict[str, Any], header: tuple[str, str]
) -> None:
    name = connection(api, auth, headers={"X-Version": "3"}, **fields)
    output = output_of(called(api, "/echo", connection=name))
    sent = api.requests[-1].headers
    assert sent[header[0]] == header[1] and sent["x-version"] == "3"
    assert "the-secret" not in str(output) and "YWRhOnRoZS1zZWNyZXQ" not in str(output)


def test_a_key_in_the_address_is_sent_and_masked(api: HttpApi) -> None:
    name = connection(api, "query", parameter="api_key")
    output = output_of(called(api, "/echo?a=1", connection=name, query={"b": "2"}))
    assert api.requests[-1].query == {"a": "1", "b": "2", "api_key": "the-secret"}
    assert "the-secret" not in str(output)


def test_a_new_value_counts_from_the_next_call_on(api: HttpApi) -> None:
    name = connection(api)
    output_of(called(api, "/echo", connection=name))
    service.put_secret("key", "another-one")
    output_of(called(api, "/echo", connection=name))
    assert [it.headers["authorization"] for it in api.requests] == ["Bearer the-secret", "Bearer another-one"]


def test_a_token_is_fetched_once_kept_and_fetched_again_when_it_is_refused(api: HttpApi) -> None:
    name = connection(
        api, "oauth2", "client-secret", username="id", token_url=f"{api.url}/token", scope="a b"
    )
    for _ in range(2):
        assert output_of(called(api, "/guarded", connection=name))["body"] == {"ok": True}
    assert len(api.to("/token")) == 1 and b"scope=a+b" in api.to("/token")[0].body
    assert output_of(called(api, "/guarded?old=1", connection=name))["body"] == {"ok": True}
    assert len(api.to("/token")) == 2
    echoed = output_of(called(api, "/echo", connection=name))
    assert "access-token" not in str(echoed)


def test_a_client_that_the_token_endpoint_does_not_know(api: HttpApi) -> None:
    name = connection(api, "oauth2", "wrong-secret", username="id", token_url=f"{api.url}/token")
    outcome = called(api, "/guarded", connection=name, method="POST")
    assert outcome.kind == "failed" and outcome.failure and outcome.failure.code == "sign_in"
    assert "invalid_client" in outcome.failure.message and not api.to("/guarded")


def test_a_connection_that_is_not_there_or_of_another_kind(api: HttpApi) -> None:
    outcome = called(api, "/echo", connection="nobody")
    assert outcome.failure and outcome.failure.code == "unknown_connection" and not outcome.retryable
    service.put("mail", ConnectionSpec("smtp", "smtp://localhost"))
    outcome = called(api, "/echo", connection="mail")
    assert outcome.failure and outcome.failure.code == "not_opened"


@pytest.mark.parametrize(
    "url", ["http://evil.test/", "//evil.test/x", "/../other", "/a/%2e%2e/%2E%2e/b", "/a/..\\b"]
)
def test_a_secret_goes_nowhere_but_below_its_connection(api: HttpApi, url: str) -> None:
    name = connection(api, address=f"{api.url}/echo")
    outcome = called(api, url, connection=name)
    assert all(request.path.startswith("/echo/") for request in api.requests)
    assert outcome.kind == "failed" or url.startswith("//")


def test_a_redirect_of_a_connection_stays_at_its_host(api: HttpApi) -> None:
    name = connection(api)
    output_of(called(api, "/redirect?to=/echo", connection=name))
    assert api.requests[-1].headers["authorization"] == "Bearer the-secret"
    with http_api() as other:
        outcome = called(api, f"/redirect?to={other.url}/echo", connection=name)
        assert outcome.failure and outcome.failure.code == "redirect" and not other.requests


def test_without_a_connection_redirects_are_followed_or_not(api: HttpApi) -> None:
    assert output_of(called(api, "/redirect?to=/echo"))["status"] == 200
    assert output_of(called(api, "/redirect?to=/echo", redirects=False, expect=[302]))["status"] == 302
    outcome = called(api, "/redirect?to=/redirect%3Fto=%2Fredirect%253Fto=x")
    assert outcome.kind == "failed"


# --- private networks and TLS ---


HOSTS = ["127.0.0.1", "localhost", "2130706433", "017700000001", "0x7f.1", "127.1", "0", "[::1]"]


@pytest.mark.parametrize("host", [*HOSTS, "[::ffff:127.0.0.1]"])
def test_an_api_of_this_host_is_not_called_unless_a_setting_says_so(settings: Any, host: str) -> None:
    settings.HTTP_PRIVATE_NETWORKS = []
    with http_api() as api:
        port = api.url.rpartition(":")[2]
        outcome = outcome_of(http_request, params={"url": f"http://{host}:{port}/echo"})
        assert outcome.failure and outcome.failure.code == "private_network" and not outcome.retryable
        assert "HTTP_PRIVATE_NETWORKS" in outcome.failure.message and not api.requests


@pytest.mark.parametrize("host", ["１２７.0.0.1", "ⓛocalhost"])
def test_a_host_in_disguise_is_no_host(settings: Any, host: str) -> None:
    settings.HTTP_PRIVATE_NETWORKS = []
    with http_api() as api:
        port = api.url.rpartition(":")[2]
        outcome = outcome_of(http_request, params={"url": f"http://{host}:{port}/echo"})
        assert outcome.failure and outcome.failure.code == "bad_request" and not api.requests


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "0x7f.1"])
def test_a_redirect_into_a_private_network_is_not_followed(settings: Any, host: str) -> None:
    """The first host stands in for a public one: it alone is open."""
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.2/32")]
    with http_api() as api:
        port = api.url.rpartition(":")[2]
        with http_api("127.0.0.2") as public:
            url = f"{public.url}/redirect?to=http://{host}:{port}/echo"
            outcome = outcome_of(http_request, params={"url": url})
            assert outcome.failure and outcome.failure.code == "private_network", outcome
            assert not api.requests and len(public.requests) == 1


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path)


def test_https_with_an_authority_that_the_host_trusts(
    loopback: None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_api(certificate=certificate) as api:
        outcome = called(api, "/echo")
        assert outcome.failure and outcome.failure.code == "tls" and not api.requests
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        caches.clear_all()
        try:
            assert output_of(called(api, "/echo"))["status"] == 200
            other = api.url.replace("localhost", "127.0.0.1")  # which the certificate does not name
            outcome = outcome_of(http_request, params={"url": f"{other}/echo"})
            assert outcome.failure and outcome.failure.code == "tls"
        finally:
            caches.clear_all()


def test_no_log_has_an_address_with_its_key(api: HttpApi, caplog: pytest.LogCaptureFixture) -> None:
    name = connection(api, "query", parameter="api_key")
    output_of(called(api, "/echo", connection=name))
    assert "the-secret" not in caplog.text
