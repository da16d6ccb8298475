"""`manage.py shop_audit`: checks the shop's rows against the ends of its runs. Changes nothing.

Exit code 0 if every invariant holds, 1 if one is broken.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection, transaction

from config.lib.commands import SagaboardCommand
from runs.store.database import database
from workers.library.shop.audit import Broken, RunFacts, audit
from workers.library.shop.books import run_facts

LISTED_MAX = 1_000


class Command(SagaboardCommand):
    help = "Checks the shop: stock, payments, shipments, and that each ended run left everything or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        is_outermost = not connection.in_atomic_block
        with transaction.atomic():
            if is_outermost:
                database().read_at_one_moment()
            facts = run_facts()
            broken, apart = audit(facts)
        self.stdout.write(as_json(facts, broken, apart) if options["json"] else as_text(facts, broken, apart))
        if broken:
            sys.exit(1)


def as_json(facts: Mapping[str, RunFacts], broken: list[Broken], apart: Mapping[str, str]) -> str:
    document = {
        "ok": not broken,
        "runs": len(facts),
        "broken": [
            {"invariant": breach.invariant, "subject": breach.subject, "message": breach.message}
            for breach in broken[:LISTED_MAX]
        ],
        "broken_total": len(broken),
        "apart": [{"run": run_id, "reason": apart[run_id]} for run_id in list(apart)[:LISTED_MAX]],
        "apart_total": len(apart),
    }
    return json.dumps(document, indent=2)


def as_text(facts: Mapping[str, RunFacts], broken: list[Broken], apart: Mapping[str, str]) -> str:
    lines = [
        f"broken: {breach.invariant}: {breach.subject}: {breach.message}" for breach in broken[:LISTED_MAX]
    ]
    lines += [f"apart: run {run_id}: {apart[run_id]}" for run_id in list(apart)[:LISTED_MAX]]
    verdict = f"{len(broken)} invariants are broken" if broken else "every invariant holds"
    return "\n".join([*lines, f"{verdict} ({len(facts)} runs, {len(apart)} of them apart)"])
