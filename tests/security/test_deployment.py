"""The documented environment of production passes Django's own checks; locks pin hashes."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CHECK = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


def documented() -> dict[str, str]:
    text = (ROOT / "docs/operations.md").read_text()
    (block,) = re.findall(r"```sh\n(HTTPS=.*?)```", text, flags=re.DOTALL)
    return dict(line.partition("#")[0].strip().split("=", 1) for line in block.splitlines())


def check(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        CHECK,
        cwd=ROOT,
        env={**kept, "DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("more", [{}, {"HSTS_SUBDOMAINS": "on"}])
def test_the_documented_environment_passes_the_checks_for_deployment(
    tmp_path: Path, more: dict[str, str]
) -> None:
    environment = documented()
    assert {"HTTPS", "ALLOWED_HOSTS", "SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= set(environment)
    environment["SECRET_KEY"] = secrets.token_urlsafe(64)
    done = check(tmp_path, **environment, **more)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_the_checks_would_find_what_is_missing(tmp_path: Path) -> None:
    done = check(tmp_path, SECRET_KEY="short", DEBUG="on")
    assert done.returncode == 1
    for code in ("W004", "W008", "W009", "W012", "W016", "W018"):
        assert f"security.{code}" in done.stderr


def test_every_locked_file_is_known_by_its_hash() -> None:
    """Whether advisories exist for a version cannot be known without a network; that it is that file can."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    files = [file for one in packages for file in [*one.get("wheels", []), *filter(None, [one.get("sdist")])]]
    assert len(packages) > 100 and len(files) > len(packages)
    assert [file["url"] for file in files if not file.get("hash", "").startswith("sha256:")] == []
    locked = json.loads((ROOT / "designer/frontend/package-lock.json").read_text())["packages"]
    fetched = {name: one for name, one in locked.items() if name and not one.get("link")}
    assert len(fetched) > 100
    assert [name for name, one in fetched.items() if not one.get("integrity")] == []
