"""`manage.py deliver_starts`: sends the outbox's starts of runs to the board."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, close_old_connections, connections

from ...delivery import deliver_next, log, open_client, prune
from ...models import Start, State

POLL_S = 1.0
PASSES_PER_PRUNE = 3_600
NAMED_MAX = 20
NOT_DELIVERED = 1


class Command(BaseCommand):
    help = (
        "Sends starts of runs from the outbox to the board at SAGABOARD_URL, until it is stopped. "
        "With --once: sends what is due now; exit code 1 if the board is away, or has refused any for good."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due, and end")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="where the outbox is")

    def handle(self, *args: Any, once: bool, database: str, **options: Any) -> None:
        with open_client() as http:
            if not once:
                self.stdout.write(f"delivers starts to {http.base_url}; Ctrl-C stops it")
                return self._until_stopped(http, database)
            while (reply := deliver_next(http, database)) is not None and not reply.is_away:
                pass
            prune(database)
        given_up = Start.objects.using(database).filter(state=State.GIVEN_UP)
        for start in given_up.order_by("pk")[:NAMED_MAX]:
            self.stderr.write(f"{start} was given up: {start.error}")
        if reply is not None or given_up.exists():
            sys.exit(NOT_DELIVERED)

    def _until_stopped(self, http: Any, database: str) -> None:
        """A stop signal lets the post that is under way end. A database that is away is asked again."""
        stopped = threading.Event()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: stopped.set())
        passes = 0
        while not stopped.is_set():
            try:
                close_old_connections()
                while not stopped.is_set():
                    reply = deliver_next(http, database)
                    if reply is None or reply.is_away:
                        break
                if passes % PASSES_PER_PRUNE == 0:
                    prune(database)
                passes += 1
            except (DatabaseError, InterfaceError) as error:
                log.error("the database of the outbox is away: %s", error)
                connections.close_all()
            stopped.wait(POLL_S)
