"""A second host on this machine: a network namespace with a cable to here, which can be pulled out.

It lives as long as the process that holds it, so nothing is left behind however the play ends.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from tests.rights import NotAllowed, run
from workers.process import parent_death

NETWORK = "198.18.0.0/15"  # for tests of network devices, RFC 2544
NETWORKS = 1 << 15
START_S_MAX = 5.0


@dataclass(frozen=True)
class Network:
    """`here` and `there` are the addresses of the two ends; `device` is the cable's end on this side."""

    holder: int
    device: str
    here: str
    there: str

    def inside(self, command: Sequence[str]) -> list[str]:
        """A command line that runs on the other host."""
        return ["nsenter", f"--net=/proc/{self.holder}/ns/net", *command]

    def cut(self) -> None:
        """From now on what either side sends is lost without a word."""
        run("ip", "link", "set", self.device, "down")

    def heal(self) -> None:
        run("ip", "link", "set", self.device, "up")


@contextmanager
def second_host() -> Iterator[Network]:
    """Raises NotAllowed."""
    try:
        holder = subprocess.Popen(
            parent_death.command(["unshare", "--net", "sleep", "infinity"], signal.SIGKILL)
        )
    except OSError as error:
        raise NotAllowed(error) from error
    try:
        yield connected(holder.pid)
    finally:
        holder.kill()
        holder.wait()


def connected(holder: int) -> Network:
    await_namespace(holder)
    first = int(IPv4Address(NETWORK.partition("/")[0])) + 4 * (holder % NETWORKS)
    here, there = str(IPv4Address(first + 1)), str(IPv4Address(first + 2))
    found = Network(holder, f"chaos{holder % NETWORKS}", here, there)
    run("ip", "link", "add", found.device, "type", "veth", "peer", "name", "cable", "netns", str(holder))
    run("ip", "address", "add", f"{here}/30", "dev", found.device)
    run(*found.inside(["ip", "address", "add", f"{there}/30", "dev", "cable"]))
    run(*found.inside(["ip", "link", "set", "lo", "up"]))
    run(*found.inside(["ip", "link", "set", "cable", "up"]))
    found.heal()
    return found


def await_namespace(holder: int) -> None:
    until = time.monotonic() + START_S_MAX
    ours = Path("/proc/self/ns/net").readlink()
    try:
        while Path(f"/proc/{holder}/ns/net").readlink() == ours:
            if time.monotonic() > until:
                raise NotAllowed("unshare gives no namespace")
            time.sleep(0.02)
    except OSError as error:
        raise NotAllowed("unshare is refused") from error
