"""Outgoing TCP connections that never reach private networks by accident (server-side request forgery).

A host is resolved once, each address is checked, and the connection goes to an address that was checked: what
its name resolves to later does not matter. Every way to write an address ends here as bytes: decimal numbers,
names, redirects. Networks of the setting `HTTP_PRIVATE_NETWORKS` are open.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore2
from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
COMPATIBLE = ip_network("::/96")  # the same, deprecated (RFC 4291)
CLOSED = (ip_network("64:ff9b:1::/48"),)  # of local use (RFC 8215), which Python 3.11 takes for public


class PrivateAddress(Exception):
    """The host is in a private network."""

    def __init__(self, host: str, address: Address) -> None:
        place = host if host == str(address) else f"{host} ({address})"
        super().__init__(
            f"{place} is in a private network; "
            "the setting HTTP_PRIVATE_NETWORKS lists those that may be called"
        )


def is_open(address: Address, networks: Iterable[Network] = ()) -> bool:
    """Whether a connection to `address` may be made: it is public, or in one of `networks`."""
    inner = _inner(address)
    if any(part in network for part in (address, inner) for network in networks):
        return True
    is_public = all(part.is_global and not part.is_multicast for part in (address, inner))
    return is_public and not any(address in network for network in CLOSED)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to; any other address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address.teredo:
        return address.teredo[1]
    is_embedded = address in NAT64 or (address in COMPATIBLE and int(address) > 1)
    return IPv4Address(int(address) & 0xFFFFFFFF) if is_embedded else address


def open_addresses(host: str, port: int, networks: Iterable[Network] = ()) -> list[Address]:
    """The addresses of a host that may be called. Blocks; raises OSError, UnicodeError, PrivateAddress."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return _checked(host, (str(row[4][0]) for row in rows), networks)


def _checked(host: str, resolved: Iterable[str], networks: Iterable[Network]) -> list[Address]:
    """Raises PrivateAddress where there are addresses and none is open."""
    addresses = [ip_address(text.partition("%")[0]) for text in resolved]
    checked = [address for address in dict.fromkeys(addresses) if is_open(address, networks)]
    if addresses and not checked:
        raise PrivateAddress(host, addresses[0])
    return checked


class GuardedBackend(AsyncNetworkBackend):
    """Network backend of httpcore that connects to checked addresses alone."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)
        self._backend = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Raises PrivateAddress where no address of the host is open; the first that answers is taken."""
        error: Exception | None = None
        for address in await self._addresses(host, port, timeout):
            try:
                return await self._backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failure:
                error = failure
        raise error or httpcore2.ConnectError(f"{host} has no address")

    async def _addresses(self, host: str, port: int, timeout: float | None) -> list[Address]:
        try:
            async with asyncio.timeout(timeout):
                rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"the name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved") from error
        return _checked(host, (str(row[4][0]) for row in rows), self._networks)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        raise httpcore2.ConnectError("sockets of this host are not called")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
