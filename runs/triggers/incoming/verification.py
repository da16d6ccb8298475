"""Verification of webhooks: whether a call comes from who shares a secret with the trigger. PURE.

Schemes, as their senders document them:

* `github`: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 of the body.
* `stripe`: `Stripe-Signature: t=<seconds>,v1=<hex>,…`, HMAC-SHA256 of `t.body`.
* `slack`: `X-Slack-Signature: v0=<hex>` with `X-Slack-Request-Timestamp`, HMAC-SHA256 of `v0:timestamp:body`.
* `standard-webhooks`: `webhook-id`, `webhook-timestamp`, `webhook-signature` (standardwebhooks.com).
* `hmac`: a header with an HMAC of the body; with a timestamp header, of `timestamp.body`.
* `basic`: `Authorization: Basic` with a user's name and the secret as password.

The raw body is verified before anything is read from it. All comparisons take constant time. Each of several
secrets may fit, so that a sender can change to a new one while the old one is still in use.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from standardwebhooks import Webhook

SECRETS_MAX = 5  # that are accepted at a time
TOLERANCE_S = 300
TOLERANCE_S_MAX = 86_400
SIGNATURES_MAX = 20  # of one call that are compared
MILLISECONDS_FROM = 100_000_000_000  # a larger number counts milliseconds
GITHUB, STRIPE, SLACK = "x-hub-signature-256", "stripe-signature", "x-slack-signature"
SLACK_TIME = "x-slack-request-timestamp"
STANDARD, STANDARD_ID, STANDARD_TIME = "webhook-signature", "webhook-id", "webhook-timestamp"
AUTHORIZATION = "authorization"

Scheme = Literal["github", "stripe", "slack", "standard-webhooks", "hmac", "basic"]
HeaderName = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9-]{0,99})?$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,62}$")]


class Unverified(Exception):
    """Why a call is not taken for its sender's; without any secret or signature."""


class Unusable(Exception):
    """Why a secret cannot be used with its scheme."""


class Verification(BaseModel):
    """How a webhook knows its sender. `secrets`: names, each of which is accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    scheme: Scheme
    secrets: list[SecretName] = Field(min_length=1, max_length=SECRETS_MAX)
    header: HeaderName = ""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field("", max_length=50)
    timestamp_header: HeaderName = ""
    tolerance: int = Field(TOLERANCE_S, ge=1, le=TOLERANCE_S_MAX)
    username: str = Field("", max_length=200)

    @model_validator(mode="after")
    def of_its_scheme(self) -> Verification:
        own = {
            "hmac": ("header", "algorithm", "encoding", "prefix", "timestamp_header"),
            "basic": ("username",),
        }
        for name in {name for names in own.values() for name in names}:
            is_set = getattr(self, name) != type(self).model_fields[name].default
            if is_set and name not in own.get(self.scheme, ()):
                raise ValueError(f"the scheme {self.scheme} takes no {name}")
        if self.scheme == "hmac" and not self.header:
            raise ValueError("state the header that holds the signature")
        if self.scheme == "basic" and (not self.username or ":" in self.username):
            raise ValueError("state the user's name, without a colon")
        return self

    @property
    def signature_headers(self) -> frozenset[str]:
        """Names of the headers that prove who calls; they are kept nowhere."""
        own = {"github": GITHUB, "stripe": STRIPE, "slack": SLACK, "standard-webhooks": STANDARD}
        return frozenset({own.get(self.scheme, self.header.lower() or AUTHORIZATION)})

    def document(self) -> dict[str, Any]:
        return self.model_dump(exclude_defaults=True)


def problems_of(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a verification, as pairs of path and message."""
    try:
        Verification.model_validate(document)
    except ValidationError as error:
        return [
            (".".join(["verify", *map(str, item["loc"])]), item["msg"].removeprefix("Value error, "))
            for item in error.errors()
        ]
    return []


def verify(
    how: Verification, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime
) -> None:
    """Raises Unverified unless one of the secrets fits, and Unusable. Header names are in lower case."""
    signed = _signed(how, headers, body)
    if signed.at is not None:
        _check_time(signed.at, how.tolerance, now)
    # Every secret is tried, so that the time taken does not tell which one fits.
    fits = [_fits(signed, how, secret) for secret in secrets]
    if not any(fits):
        raise Unverified(
            "The signature does not fit." if how.scheme != "basic" else "User or password is wrong."
        )


@dataclass(frozen=True)
class _Signed:
    """`expected` makes of a secret what the sender sent in one of `signatures`."""

    signatures: Sequence[bytes]
    expected: Callable[[str], bytes]
    at: int | None = None


def _fits(signed: _Signed, how: Verification, secret: str) -> bool:
    expected = signed.expected(secret)
    given = signed.signatures[:SIGNATURES_MAX]
    return any(hmac.compare_digest(expected, signature) for signature in given)


def _signed(how: Verification, headers: Mapping[str, str], body: bytes) -> _Signed:
    def header(name: str) -> str:
        value = headers.get(name, "").strip()
        if not value:
            raise Unverified(f"The header {name} is missing.")
        return value

    if how.scheme == "basic":
        return _basic(how, header(AUTHORIZATION))
    if how.scheme == "github":
        return _Signed([_decoded(header(GITHUB), "hex", "sha256=")], lambda secret: _hmac(secret, body))
    if how.scheme == "stripe":
        return _stripe(header(STRIPE), body)
    if how.scheme == "slack":
        time = header(SLACK_TIME)
        text = f"v0:{time}:".encode() + body
        signature = _decoded(header(SLACK), "hex", "v0=")
        return _Signed([signature], lambda secret: _hmac(secret, text), _seconds(time))
    if how.scheme == "standard-webhooks":
        return _standard(header(STANDARD_ID), header(STANDARD_TIME), header(STANDARD), body)
    signature = _decoded(header(how.header.lower()), how.encoding, how.prefix)
    if not how.timestamp_header:
        return _Signed([signature], lambda secret: _hmac(secret, body, how.algorithm))
    time = header(how.timestamp_header.lower())
    text = f"{time}.".encode() + body
    return _Signed([signature], lambda secret: _hmac(secret, text, how.algorithm), _seconds(time))


def _basic(how: Verification, value: str) -> _Signed:
    kind, _, text = value.partition(" ")
    if kind.lower() != "basic":
        raise Unverified("The header authorization is not Basic.")
    given = _decoded(text.strip(), "base64", "")
    return _Signed([given], lambda secret: f"{how.username}:{secret}".encode())


def _stripe(value: str, body: bytes) -> _Signed:
    parts = [part.strip().partition("=") for part in value.split(",")]
    time = next((text for name, _, text in parts if name == "t"), "")
    signatures = [_decoded(text, "hex", "") for name, _, text in parts if name == "v1"]
    if not signatures:
        raise Unverified(f"The header {STRIPE} has no v1.")
    text = f"{time}.".encode() + body
    return _Signed(signatures, lambda secret: _hmac(secret, text), _seconds(time))


def _standard(message_id: str, time: str, value: str, body: bytes) -> _Signed:
    versions = (part.partition(",") for part in value.split())
    signatures = [_decoded(text, "base64", "") for version, _, text in versions if version == "v1"]
    if not signatures:
        raise Unverified(f"The header {STANDARD} has no v1.")
    at = _seconds(time)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Unverified("The body is not UTF-8 text.") from None
    moment = datetime.fromtimestamp(at, UTC)

    def expected(secret: str) -> bytes:
        signature = _standard_key(secret).sign(message_id, moment, text)
        return base64.b64decode(signature.partition(",")[2])

    return _Signed(signatures, expected, at)


def _standard_key(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception as error:  # the library raises what it meets
        raise Unusable("a secret of this scheme is base64, usually with whsec_ before it") from error


def _hmac(secret: str, text: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(secret.encode(), text, algorithm)


def _decoded(text: str, encoding: str, prefix: str) -> bytes:
    if not text.startswith(prefix):
        raise Unverified(f"The signature does not begin with {prefix}")
    text = text[len(prefix) :]
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unverified(f"The signature is not {encoding}.") from None


def _seconds(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,13}", text):
        raise Unverified("Its time is no number of seconds.")
    number = int(text)
    return number // 1_000 if number >= MILLISECONDS_FROM else number


def _check_time(at: int, tolerance: int, now: datetime) -> None:
    away = int(now.timestamp()) - at
    if abs(away) > tolerance:
        where = "old" if away > 0 else "ahead of time"
        raise Unverified(f"It is {abs(away):,} s {where}; {tolerance:,} s are allowed.")


def signed_headers(
    how: Verification, secret: str, body: bytes, now: datetime, message_id: str
) -> dict[str, str]:
    """The headers that a sender adds to a call with this body. Raises Unusable."""
    time = str(int(now.timestamp()))
    stamped = f"{time}.".encode() + body
    if how.scheme == "github":
        return {GITHUB: f"sha256={_hmac(secret, body).hex()}"}
    if how.scheme == "stripe":
        return {STRIPE: f"t={time},v1={_hmac(secret, stamped).hex()}"}
    if how.scheme == "slack":
        return {SLACK_TIME: time, SLACK: f"v0={_hmac(secret, f'v0:{time}:'.encode() + body).hex()}"}
    if how.scheme == "standard-webhooks":
        moment = datetime.fromtimestamp(int(time), UTC)
        signature = _standard_key(secret).sign(message_id, moment, body.decode())
        return {STANDARD_ID: message_id, STANDARD_TIME: time, STANDARD: signature}
    if how.scheme == "basic":
        return {AUTHORIZATION: f"Basic {base64.b64encode(f'{how.username}:{secret}'.encode()).decode()}"}
    digest = _hmac(secret, stamped if how.timestamp_header else body, how.algorithm)
    text = digest.hex() if how.encoding == "hex" else base64.b64encode(digest).decode()
    stamp = {how.timestamp_header.lower(): time} if how.timestamp_header else {}
    return {how.header.lower(): how.prefix + text, **stamp}
