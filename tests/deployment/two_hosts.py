"""`python -m tests.deployment.two_hosts [--seconds 45] [--timeout 3]`: a host with attempts is cut off.

Two hosts on one PostgreSQL and one Redis, in network namespaces (as root): host A has web, scheduler and a
pool, host B a pool. The cable of B is pulled out for `--seconds` while orders flow, and put in again; a lease
lasts 15 s longer than the `--timeout` of a step. All runs must end, nothing that was reported may be done
twice, and what B reports late changes nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.__main__ import ROOT, environment

PLAY = (
    "import sys, django; django.setup(); from tests.deployment.two_hosts import play; "
    "sys.exit(play(*sys.argv[1:]))"
)
SLOW = {"reserve_inventory": "slow:0.5", "charge_payment": "slow:1.5", "create_shipment": "slow:0.5"}
HELD_MIN = 2
OPEN_MAX = 12
WAIT_S_MAX = 120.0
AFTER_S = 10.0
TICK_S = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.deployment.two_hosts")
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--timeout", type=int, default=3, help="of a step; its lease is 15 s longer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sagaboard-hosts-", ignore_cleanup_errors=True) as folder:
        words = [sys.executable, "-c", PLAY, folder, str(options.seconds), str(options.timeout)]
        facts = {**environment("postgres", Path(folder)), "PYTHONPATH": str(ROOT)}
        return subprocess.run(words, cwd=ROOT, env=facts, check=False).returncode


def play(folder: str, seconds: str, timeout: str) -> int:
    """Django is set up before; see PLAY."""
    from django.core.management import call_command

    from tests.chaos.network import second_host
    from tests.chaos.play import come_up, database
    from tests.chaos.stack import Stack

    with second_host() as network, database(network):
        call_command("migrate", verbosity=0)
        stack = Stack(Path(folder), network)
        try:
            come_up(stack)
            return cut_off(stack, float(seconds), int(timeout))
        finally:
            network.heal()
            stack.stop()


@dataclass
class Flow:
    """Orders with slow steps, so that each host holds attempts all the time."""

    version: Any
    stack: Any
    count: int = 0

    def until(self, condition: Callable[[], bool]) -> None:
        from runs.engine import engine
        from tests.chaos.orders import open_count

        end = time.monotonic() + WAIT_S_MAX
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError("this did not happen in time")
            self.stack.keep_alive()
            if open_count() < OPEN_MAX:
                engine.start_run(self.version, {**self.version.document["sample_input"], "simulate": SLOW})
                self.count += 1
            time.sleep(TICK_S)


def held_by(processes: set[int]) -> set[tuple[str, str, str]]:
    """Run, step and process of each attempt that these processes hold."""
    from runs.models import StepRun

    rows = StepRun.objects.exclude(process="").values_list("run_id", "name", "process")
    return {(str(run), name, id) for run, name, id in rows if int(id.split(":")[1]) in processes}


def cut_off(stack: Any, seconds: float, timeout: int) -> int:
    from designer.services.workflows import import_document
    from runs.models import JournalEntry, Run
    from tests.chaos import verdict
    from tests.chaos.orders import publish
    from tests.chaos.play import say, still_open

    document = publish().document
    document = {**document, "defaults": {**document["defaults"], "timeout": timeout}}
    orders = Flow(import_document(document, publish=True).version, stack)
    held = partial(held_by, set(stack.pools[1].children()))
    orders.until(lambda: len(held()) >= HELD_MIN)
    stack.network.cut()
    lost, began = held(), time.monotonic()
    before = JournalEntry.objects.filter(type="step.completed").count()
    say(f"host B is cut off while it holds {len(lost)} attempts; {orders.count} orders so far")
    orders.until(lambda: not held() & lost)
    say(f"all of them were taken from B after {time.monotonic() - began:.1f} s")
    orders.until(lambda: time.monotonic() - began > seconds)
    meanwhile = JournalEntry.objects.filter(type="step.completed").count() - before
    say(f"A alone completed {meanwhile} steps in {seconds:.0f} s; the cable is put in again")
    stack.network.heal()
    healed = time.monotonic()
    orders.until(lambda: bool(held()))
    say(f"B works again after {time.monotonic() - healed:.1f} s")
    orders.until(lambda: time.monotonic() - healed > AFTER_S)
    until = time.monotonic() + WAIT_S_MAX
    while still_open() and time.monotonic() < until:
        stack.keep_alive()
        time.sleep(TICK_S)
    log = (stack.folder / "there.log").read_text(errors="replace")
    say(f"B's log: {log.count('report discarded')} late reports and {log.count('job discarded')} late jobs")
    found = [
        *verdict.every_run_ended(), *verdict.journals(), *verdict.completed_once(), *verdict.books()
    ]  # fmt: skip
    say(f"{orders.count} orders: {dict(Counter(Run.objects.values_list('status', flat=True)))}")
    for one in found:
        say(f"VIOLATION: {one}")
    say(f"{len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
