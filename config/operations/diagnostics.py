"""Checks of the command `doctor`. Each yields findings; none changes anything."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from platform import python_version
from typing import Literal

from django import get_version
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import Error, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from redis import Redis
from redis.exceptions import RedisError

from config.installation import PROGRAM, version
from config.lib.commands import database_problem, one_line, redis_problem
from config.lib.errors import NotMigrated
from config.operations import redis_probe
from config.sealing_keys import sealing_keys
from runs.delivery import worker_processes
from runs.maintenance.resealing import unopened
from runs.models import StepRun, WorkerProcess
from runs.store import reader
from runs.store.database import database, database_file
from workers.process.database_retry import retry_while_unavailable
from workers.registry import get_catalog
from workers.sdk.errors import WorkersError

SKEW_S_MAX = 2.0
REDIS_TIMEOUT_S = 5.0
OVERDUE_S = 60
START_S_MAX = 60.0
DISK_BYTES_MIN = 200_000_000
PROBE_BYTES = 1_000_000
KEY_LENGTH_MIN, KEY_LETTERS_MIN = 50, 5  # as Django's security.W009
NAMES_SHOWN_MAX = 20

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """`text` describes the finding; at level `wrong` it also says what to do."""

    level: Level
    subject: str
    text: str


def examine() -> Iterator[Finding]:
    """Runs every check. Those that query the database run only if it answers and is migrated."""
    yield from settings_check()
    yield from static_check()
    yield from disk_check()
    yield from redis_check()
    yield from catalog_check()
    findings = list(database_check())
    yield from findings
    if all(finding.level != "wrong" for finding in findings):
        yield from keys_check()
        yield from fleet_check()
        yield from overdue_check()
        yield from skew("database", (reader.now() - datetime.now(UTC)).total_seconds())


def unapplied_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def refuse_unmigrated() -> None:
    """Raises NotMigrated if migrations are missing.

    Waits up to `START_S_MAX` for a database that is unavailable, then lets its error through.
    """
    missing, _ = retry_while_unavailable(unapplied_migrations, START_S_MAX, "the start of this process")
    if missing:
        raise NotMigrated(missing)


def settings_check() -> Iterator[Finding]:
    if settings.DEBUG:
        yield Finding("note", "settings", "DEBUG is on: never where others can reach it; unset DEBUG")
    key = settings.DATA_DIR / "secret_key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Finding("wrong", "settings", f"others can read {key}; run `chmod 600 {key}`")
    yield Finding("ok", "settings", f"data folder {settings.DATA_DIR}")
    versions = f"Sagaboard {version()}, Python {python_version()}, Django {get_version()}"
    yield Finding("ok", "version", versions)


def static_check() -> Iterator[Finding]:
    if finders.find("designer/manifest.json") and finders.find("admin/css/base.css"):
        yield Finding("ok", "static files", "found")
    else:
        yield Finding("wrong", "static files", "scripts and styles are not built; run `make front`")


def disk_check() -> Iterator[Finding]:
    for folder, setting in disks().items():
        free = shutil.disk_usage(folder).free
        text = f"{free // 1_000_000} MB free in {folder}"
        if free < DISK_BYTES_MIN:
            yield Finding("wrong", "disk", f"only {text}; make room, or move {setting}")
        else:
            yield Finding("ok", "disk", text)


def disks() -> dict[Path, str]:
    """One folder on each disk that the product writes to on this host, with the setting that places it."""
    folders = {settings.DATA_DIR: "DATA_DIR"}
    file = database_file()
    if file is not None:
        folder = file.absolute().parent
        if folder.exists() and folder.stat().st_dev != settings.DATA_DIR.stat().st_dev:
            folders[folder] = "DATABASE_URL"
    return folders


def redis_check() -> Iterator[Finding]:
    kind = "embedded" if settings.REDIS_EMBEDDED else "REDIS_URL"
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S) as client:
            version = client.info("server").get("redis_version", "?")
            seconds, microseconds = client.time()
    except RedisError as error:
        yield Finding("wrong", "Redis", redis_problem(error))
        return
    if problem := redis_probe.problem(REDIS_TIMEOUT_S):
        remedy = "raise its maxmemory or find what else fills it; until then runs go on slowly"
        yield Finding("wrong", "Redis", f"{problem}; {remedy}")
    else:
        yield Finding("ok", "Redis", f"{kind}, answers as version {version}, and can be written")
    yield from skew("Redis", seconds + microseconds / 1_000_000 - time.time())


def catalog_check() -> Iterator[Finding]:
    try:
        catalog = get_catalog()
    except WorkersError as error:
        yield Finding("wrong", "workers", f"{error}; see the setting WORKER_MODULES")
        return
    yield Finding(
        "ok", "workers", f"{len(catalog)} known, {len(settings.WORKER_MODULES)} modules of your own"
    )
    for name, spec in catalog.overrides.items():
        yield Finding(
            "note", "workers", f"{name} of {catalog[name].module} replaces the one of {spec.module}"
        )


def database_check() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = unapplied_migrations()
        with transaction.atomic():  # on SQLite, BEGIN IMMEDIATE takes the write lock
            database().try_room(PROBE_BYTES)
            transaction.set_rollback(True)
    except Error as error:
        yield Finding("wrong", "database", database_problem(error))
        return
    yield Finding("ok", "database", f"{database().engine} answers, and can be written")
    if missing:
        text = f"{len(missing)} not applied (first: {missing[0]}); run `{PROGRAM} migrate`"
        yield Finding("wrong", "migrations", text)
    else:
        yield Finding("ok", "migrations", "all applied")


def keys_check() -> Iterator[Finding]:
    own = settings.DATA_DIR / "secret_key"
    place = f"of {own}" if own.exists() and own.read_text().strip() == settings.SECRET_KEY else "SECRET_KEY"
    if len(set(settings.SECRET_KEY)) < KEY_LETTERS_MIN or len(settings.SECRET_KEY) < KEY_LENGTH_MIN:
        text = f"the key {place} is short; take {KEY_LENGTH_MIN} random characters, then `reseal`"
        yield Finding("note", "key", text)
    if shut := unopened(sealing_keys()):
        counts = ", ".join(f"{count} of {what}" for what, count in shut.items())
        remedy = "set the one that sealed them, or add it to SECRET_KEY_FALLBACKS"
        yield Finding("wrong", "key", f"no key here opens what is sealed ({counts}); {remedy}")
    else:
        yield Finding("ok", "key", f"the key {place} opens all that is sealed")
    if place != "SECRET_KEY" and database_file() is None:
        yield Finding("note", "key", "each host makes a key of its own; set SECRET_KEY to one for all hosts")


def fleet_check() -> Iterator[Finding]:
    lost = worker_processes.lost_processes(reader.now())
    if lost:
        yield Finding("wrong", "fleet", f"{name_list(lost)} died; the scheduler clears this: is it running?")
    alive = WorkerProcess.objects.exclude(id__in=lost)
    if not alive.exists():
        yield Finding("wrong", "fleet", f"no worker process; start `{PROGRAM} up` or `{PROGRAM} worker`")
        return
    hosts = sorted(set(alive.values_list("host", flat=True)))
    yield Finding("ok", "fleet", f"{alive.count()} worker processes on {name_list(hosts)}")
    for end in worker_processes.recent_ends():
        doing = f" while it ran {name_list(end['steps'])}" if end["steps"] else ""
        yield Finding("note", "fleet", f"{end['process']} was killed at {end['at']}{doing}: {end['why']}")
    for process_id, lacks in alive.exclude(lacks=[]).values_list("id", "lacks"):
        yield from lacking(process_id, lacks)
    listened = {queue for queues in alive.values_list("queues", flat=True) for queue in queues}
    queues_in_use = set(StepRun.objects.filter(status="queued").values_list("queue", flat=True).distinct())
    if unserved := sorted(queues_in_use - listened - {""}):
        text = (
            f"steps wait in {name_list(unserved)}, which no process listens to; add it to QUEUES or --queues"
        )
        yield Finding("wrong", "fleet", text)


def lacking(process_id: str, lacks: list[str]) -> Iterator[Finding]:
    """Findings about steps that a worker process met and could not run."""
    if worker_processes.NEWER_CODE in lacks:
        text = f"{process_id} met runs of a newer version and leaves them to others; update and restart it"
        yield Finding("wrong", "fleet", text)
    if workers := [name for name in lacks if name != worker_processes.NEWER_CODE]:
        text = (
            f"{process_id} met steps of workers that it lacks ({name_list(workers)}); see its WORKER_MODULES"
        )
        yield Finding("wrong", "fleet", text)


def overdue_check() -> Iterator[Finding]:
    overdue = StepRun.objects.filter(due_at__lt=reader.now() - timedelta(seconds=OVERDUE_S)).count()
    if overdue:
        text = f"{overdue} timers are overdue by more than {OVERDUE_S} s; start `{PROGRAM} scheduler`"
        yield Finding("wrong", "scheduler", text)
    else:
        yield Finding("ok", "scheduler", "nothing is overdue")


def skew(subject: str, difference_s: float) -> Iterator[Finding]:
    if abs(difference_s) > SKEW_S_MAX:
        text = f"the clock of {subject} differs by {difference_s:+.1f} s; set the clocks by NTP"
        yield Finding("wrong", "clock", text)
    else:
        yield Finding("ok", "clock", f"{subject} agrees within {SKEW_S_MAX:.0f} s")


def name_list(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - NAMES_SHOWN_MAX
    return one_line(", ".join(listed[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else ""))
