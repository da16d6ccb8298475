"""Which addresses a request may reach, however they are written."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import httpcore2
import pytest

from workers.connections.network import GuardedBackend, PrivateAddress, is_open

LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::1", "64:ff9b::7f00:1"),
        *("64:ff9b:1::8.8.8.8", "2001:0:4136:e378:8000:63bf:f5ff:fffe"),
    ],
)
def test_an_address_in_a_private_network_is_closed(address: str) -> None:
    assert not is_open(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_open(address: str) -> None:
    assert is_open(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_network_of_the_setting_is_open(address: str) -> None:
    assert is_open(ip_address(address), LOOPBACK)
    assert not is_open(ip_address("10.0.0.1"), LOOPBACK)


@pytest.fixture
def port() -> Iterator[int]:
    """Of a listening socket that nobody may reach."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        yield listener.getsockname()[1]
        with pytest.raises(BlockingIOError):
            listener.accept()


FORMS = ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1", "0", "::1"]


@pytest.mark.parametrize("host", [*FORMS, "::ffff:127.0.0.1", "ip6-localhost", "localhost."])
async def test_no_way_to_write_an_address_leads_into_a_private_network(host: str, port: int) -> None:
    with pytest.raises((PrivateAddress, httpcore2.ConnectError)) as caught:
        await GuardedBackend().connect_tcp(host, port, timeout=5)
    if host in FORMS:
        assert isinstance(caught.value, PrivateAddress)


async def test_a_name_that_means_another_address_later_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    """The name is resolved once: what was checked is what is connected to."""
    answers = iter(["192.0.2.1", "127.0.0.1"])
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises((httpcore2.ConnectTimeout, httpcore2.ConnectError)):
        await GuardedBackend([ip_network("192.0.2.0/24")]).connect_tcp("rebound.test", port, timeout=0.2)
    assert asked == ["rebound.test"]


async def test_of_several_addresses_only_open_ones_are_tried(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    async def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (it, port)) for it in ("127.0.0.1", "192.0.2.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises((httpcore2.ConnectTimeout, httpcore2.ConnectError)):
        await GuardedBackend([ip_network("192.0.2.0/24")]).connect_tcp("two.test", port, timeout=0.2)
