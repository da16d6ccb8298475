"""The empty database of rehearsals: migrated once for these migrations, and copied for each rehearsal."""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from config.installation import import_path
from config.lib.errors import SagaboardError

FOLDER = "rehearsal"
DATABASE = "db.sqlite3"
SECONDS_MAX = 300
LEFT_OUT = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "QUEUES")


class NoTemplate(SagaboardError):
    """The database of rehearsals cannot be made."""


def environment(data: Path) -> dict[str, str]:
    """The environment of a process whose data folder is `data`: its own database, and no outside service."""
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    return kept | {
        "DATA_DIR": str(data),
        "TMPDIR": str(data.parent / "tmp"),
        "SECRET_KEY": settings.SECRET_KEY,
        "WORKER_MODULES": ",".join(settings.WORKER_MODULES),
        "EXAMPLES": "on" if settings.EXAMPLES else "off",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": os.pathsep.join(import_path()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def database() -> Path:
    """Returns the path of the migrated database, made on first use. Raises NoTemplate."""
    path = Path(settings.DATA_DIR) / FOLDER / f"{_digest()}.sqlite3"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = _migrated(Path(folder))
            os.replace(made, path)
        for other in path.parent.glob("*.sqlite3"):
            if other != path:
                other.unlink(missing_ok=True)
    return path


def _migrated(folder: Path) -> Path:
    (folder / "tmp").mkdir()
    data = folder / "data"
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "-v0"]
    done = subprocess.run(
        command, env=environment(data), capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    if done.returncode:
        raise NoTemplate(f"The database of rehearsals cannot be made: {done.stderr.strip()[-500:]}")
    return data / DATABASE


def _digest() -> str:
    """Tells these migrations from others: their names and their text."""
    digest = hashlib.sha256()
    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    for key in sorted(migrations):
        digest.update("/".join(key).encode())
        digest.update(Path(inspect.getfile(type(migrations[key]))).read_bytes())
    return digest.hexdigest()[:16]


def copy_to(data: Path) -> None:
    """Gives a data folder a database. Raises NoTemplate."""
    shutil.copyfile(database(), data / DATABASE)
