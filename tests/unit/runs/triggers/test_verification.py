"""Verification of webhooks: who is believed, by examples of the senders' own documentation."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from runs.triggers.incoming.verification import (
    Unusable,
    Unverified,
    Verification,
    problems_of,
    signed_headers,
    verify,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "a secret of the sender"
STANDARD_SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes of a secret key").decode()
BODY = b'{"order": 7, "name": "M\xc3\xbcller"}'
HMAC = {"scheme": "hmac", "header": "X-Sign"}
SCHEMES: dict[str, dict[str, Any]] = {
    "github": {"scheme": "github"},
    "stripe": {"scheme": "stripe"},
    "slack": {"scheme": "slack"},
    "standard-webhooks": {"scheme": "standard-webhooks"},
    "basic": {"scheme": "basic", "username": "shop"},
    "hmac": HMAC,
    "hmac sha1": HMAC | {"algorithm": "sha1"},
    "hmac sha512 base64": HMAC | {"algorithm": "sha512", "encoding": "base64"},
    "hmac prefix time": HMAC | {"prefix": "sha256=", "timestamp_header": "X-Time"},
}
NONSENSE = ("x", "sha256=", "v0=zz", "t=1,v1=zz", "t=,v1=", "v1,zz", "Basic !", "ä", "1e999", "9" * 40)
each_scheme = pytest.mark.parametrize("name", SCHEMES)


def how(name: str, **more: Any) -> Verification:
    return Verification.model_validate({**SCHEMES[name], "secrets": ["one"], **more})


def secret_of(name: str) -> str:
    return STANDARD_SECRET if name == "standard-webhooks" else SECRET


def sent(name: str, secret: str = "", at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    return signed_headers(how(name), secret or secret_of(name), body, at, "msg_1")


@each_scheme
def test_what_was_signed_is_believed(name: str) -> None:
    verify(how(name), [secret_of(name)], sent(name), BODY, NOW)


@each_scheme
def test_any_of_several_secrets_fits(name: str) -> None:
    other = STANDARD_SECRET.replace("dGhp", "dGhh")
    verify(how(name), [other, secret_of(name)], sent(name), BODY, NOW)
    verify(how(name), [secret_of(name), other], sent(name), BODY, NOW)


@each_scheme
def test_another_secret_is_not_believed(name: str) -> None:
    other = STANDARD_SECRET.replace("dGhp", "dGhh")
    with pytest.raises(Unverified):
        verify(how(name), [other], sent(name), BODY, NOW)


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "basic"])
def test_another_body_is_not_believed(name: str) -> None:
    for body in (BODY + b" ", b"", BODY.replace(b"7", b"8"), b"\xff"):
        with pytest.raises(Unverified):
            verify(how(name), [secret_of(name)], sent(name), body, NOW)


@each_scheme
def test_headers_that_are_missing_or_are_nonsense_are_not_believed(name: str) -> None:
    headers = sent(name)
    for gone in headers:
        with pytest.raises(Unverified, match=gone):
            verify(how(name), [secret_of(name)], headers | {gone: ""}, BODY, NOW)
        for nonsense in NONSENSE:
            with pytest.raises(Unverified):
                verify(how(name), [secret_of(name)], headers | {gone: nonsense}, BODY, NOW)


@pytest.mark.parametrize("name", ["stripe", "slack", "standard-webhooks", "hmac prefix time"])
@pytest.mark.parametrize("away", [-301, -299, 299, 301])
def test_an_old_signature_is_not_believed(name: str, away: int) -> None:
    headers = sent(name, at=NOW - timedelta(seconds=away))
    if abs(away) < 300:
        verify(how(name), [secret_of(name)], headers, BODY, NOW)
    else:
        with pytest.raises(Unverified, match="301 s"):
            verify(how(name), [secret_of(name)], headers, BODY, NOW)
    verify(how(name, tolerance=400), [secret_of(name)], headers, BODY, NOW)


def test_githubs_own_example() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret = "It's a Secret to Everybody"
    verify(how("github"), [secret], {"x-hub-signature-256": signature}, b"Hello, World!", NOW)


def test_slacks_own_example() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
        b"96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "x-slack-request-timestamp": "1531420618",
    }
    at = datetime.fromtimestamp(1531420618, UTC)
    verify(how("slack"), ["8f742231b10e8888abcd99yyyzzz85a5"], headers, body, at)


def test_the_library_of_standard_webhooks_agrees() -> None:
    now = datetime.now(UTC)
    headers = signed_headers(how("standard-webhooks"), STANDARD_SECRET, BODY, now, "msg_1")
    Webhook(STANDARD_SECRET).verify(BODY, headers)


def test_stripe_may_send_several_signatures_and_milliseconds_are_understood() -> None:
    good = sent("stripe")["stripe-signature"]
    time, _, signature = good.partition(",")
    many = ",".join([time, "v0=aa", "v1=" + "0" * 64, signature])
    verify(how("stripe"), [SECRET], {"stripe-signature": many}, BODY, NOW)
    stamp = str(int(NOW.timestamp() * 1_000))
    digest = hmac.digest(SECRET.encode(), f"{stamp}.".encode() + BODY, "sha256").hex()
    headers = {"x-sign": f"sha256={digest}", "x-time": stamp}
    verify(how("hmac prefix time"), [SECRET], headers, BODY, NOW)


def test_a_secret_that_is_none_of_the_scheme() -> None:
    with pytest.raises(Unusable, match="base64"):
        verify(how("standard-webhooks"), ["whsec_"], sent("standard-webhooks"), BODY, NOW)


@pytest.mark.parametrize(
    ("document", "path", "said"),
    [
        ({"scheme": "github"}, "verify.secrets", "required"),
        ({"scheme": "github", "secrets": []}, "verify.secrets", "at least 1"),
        ({"scheme": "github", "secrets": list("abcdef")}, "verify.secrets", "at most 5"),
        ({"scheme": "gitlab", "secrets": ["a"]}, "verify.scheme", "'github'"),
        ({"scheme": "hmac", "secrets": ["a"]}, "verify", "state the header"),
        ({"scheme": "basic", "secrets": ["a"], "username": "a:b"}, "verify", "without a colon"),
        ({"scheme": "github", "secrets": ["a"], "header": "x"}, "verify", "takes no header"),
        ({"scheme": "github", "secrets": ["a b"]}, "verify.secrets.0", "match"),
        ({"scheme": "github", "secrets": ["a"], "tolerance": 0}, "verify.tolerance", "greater"),
        ({"scheme": "github", "secrets": ["a"], "more": 1}, "verify.more", "not permitted"),
    ],
)
def test_what_is_no_verification(document: Any, path: str, said: str) -> None:
    ((found, message),) = problems_of(document)
    assert found == path and said in message
