"""Where requests come from: an IP address or nothing, whatever is said."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from config.accounts.rate_limits import client_ip


@pytest.mark.parametrize(
    ("peer", "https", "told", "expected"),
    [
        ("192.0.2.1", False, "198.51.100.7", "192.0.2.1"),
        ("192.0.2.1", True, "198.51.100.7", "198.51.100.7"),
        ("192.0.2.1", True, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("192.0.2.1", True, "", "192.0.2.1"),
        ("192.0.2.1", True, "198.51.100.7:443", None),
        ("", False, "", None),
        ("unix:", False, "", None),
        ("2001:db8::1", False, "", "2001:db8::1"),
    ],
)
def test_the_address_of_a_client(
    settings, rf: RequestFactory, peer: str, https: bool, told: str, expected: str | None
) -> None:
    settings.HTTPS = https
    request = rf.get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": told} if told else {})
    assert client_ip(request) == expected
