"""`manage.py reseal`: seals secrets anew under SECRET_KEY, so that its earlier values are not needed."""

from __future__ import annotations

import sys
from typing import Any

from config.lib.commands import SagaboardCommand
from config.sealing_keys import sealing_keys
from runs.maintenance.resealing import Resealing, runs_under_older_keys

INCOMPLETE = 1


class Command(SagaboardCommand):
    help = (
        "Seals everything that SECRET_KEY_FALLBACKS open anew under SECRET_KEY: secrets, drafts, versions, "
        "triggers and waiting inputs. Runs keep what they were given, and are counted."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        keys = sealing_keys()
        resealing = Resealing(keys)
        resealing.everything()
        for what, count in resealing.counts.items():
            self.stdout.write(f"{what}: {count:,} sealed anew")
        if count := runs_under_older_keys(keys[0]):
            self.stdout.write(f"runs: {count:,} need an earlier key for as long as they are kept")
        if resealing.left:
            self.stderr.write(f"{resealing.left:,} values are opened by no key here; give them again")
            sys.exit(INCOMPLETE)
