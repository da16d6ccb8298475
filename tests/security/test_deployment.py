"""The documented environment of production passes Django's own checks; locks pin hashes and are looked up."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

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


CLEAN_PIP = {"dependencies": [{"name": "django", "version": "5.2", "vulns": []}]}
CLEAN_NPM: dict[str, Any] = {"vulnerabilities": {}}
AWAY = "the advisory service gave no answer"


def advisories(folder: Path, pip: str, npm: str) -> tuple[int, list[str]]:
    """Exit code and lines of the look at advisories, with services that answer by these shell commands."""
    commands = {}
    for name, script in {"PIP_AUDIT": pip, "NPM_AUDIT": npm}.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        commands[name] = str(path)
    done = subprocess.run(
        [sys.executable, ".ci/advisories"],
        cwd=ROOT,
        env={**os.environ, **commands, "ADVISORIES_TIMEOUT_S": "5"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def answer(value: object, code: int = 0) -> str:
    return f"cat <<'END'\n{json.dumps(value)}\nEND\nexit {code}"


def test_locked_packages_without_advisories_pass(tmp_path: Path) -> None:
    code, lines = advisories(tmp_path, answer(CLEAN_PIP), answer(CLEAN_NPM))
    assert (code, lines) == (0, ["pip-audit: no known advisory.", "npm audit: no known advisory."])


def test_an_advisory_fails_and_is_named(tmp_path: Path) -> None:
    pip = {"dependencies": [{"name": "django", "version": "5.2", "vulns": [{"id": "PYSEC-1"}]}]}
    npm = {"vulnerabilities": {"vite": {"severity": "high"}}}
    code, lines = advisories(tmp_path, answer(pip, 1), answer(npm, 1))
    assert (code, lines) == (1, ["pip-audit: django 5.2: PYSEC-1", "npm audit: vite: high"])


@pytest.mark.parametrize(
    "pip, npm, reason",
    [
        ("exit 1", answer({"message": "connect ECONNREFUSED"}, 1), AWAY),
        ("echo not JSON; exit 1", "echo '[]'", AWAY),
        ("sleep 60 & sleep 60", "sleep 60", AWAY),
        (
            answer({"dependencies": [{"name": "django", "skip_reason": "not found"}]}),
            "exit 3",
            "the advisory service did not know 1 of 1 packages",
        ),
    ],
    ids=["refused", "no JSON", "hangs", "unknown"],
)
def test_a_service_that_does_not_answer_is_told_in_one_line_and_fails_nothing(
    tmp_path: Path, pip: str, npm: str, reason: str
) -> None:
    code, lines = advisories(tmp_path, pip, npm)
    waited = "(at most 5 s were waited)."
    assert (code, lines) == (
        0,
        [f"pip-audit: NOT CHECKED: {reason} {waited}", f"npm audit: NOT CHECKED: {AWAY} {waited}"],
    )
