"""The wheel: what is in it, and the product from it in an environment that does not know the checkout."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from config.installation import ROOT, version
from tests.integration.processes.conftest import WAIT_S, wait_for
from tests.integration.processes.test_up import LINK, free_port

SHIPPED = ("config", "designer", "docs", "runs", "static", "templates", "workers")
LEFT_OUT = (
    "config/installed/",
    "designer/frontend/",
    "runs/management/commands/write_vocabulary.py",
    "workers/outbox/",
)
CACHES = {"__pycache__", ".ruff_cache"}
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
OURS = '''
from workers import worker

@worker("send_confirmation", compensation="none", rehearsal="real")
def send_confirmation(context: dict) -> dict:
    """Takes the place of the shipped one."""
    return {"sent_by": "ours"}
'''


def build(source: Path, target: str, into: Path) -> Path:
    words = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    subprocess.run(words, cwd=source, capture_output=True, timeout=WAIT_S, check=True)
    [built] = into.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_a_wheel_holds_the_product_and_takes_one_name(wheel):
    names = set(contents(wheel))
    assert {name.split("/")[0] for name in names} == {"sagaboard", f"sagaboard-{version()}.dist-info"}
    paths = (path for folder in SHIPPED for path in (ROOT / folder).rglob("*") if path.is_file())
    files = {str(path.relative_to(ROOT)) for path in paths if not CACHES & set(path.parts)}
    shipped = {name for name in files if not name.startswith(LEFT_OUT)} | {"manage.py"}
    own = {"__init__.py", "__main__.py", "testing.py", *(f"_product/{name}" for name in shipped)}
    own |= {name.removeprefix("workers/") for name in files if name.startswith("workers/outbox/")}
    assert {name.removeprefix("sagaboard/") for name in names if name.startswith("sagaboard/")} == own
    assert f"sagaboard-{version()}.dist-info/licenses/LICENSE" in names


def test_the_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    source = build(ROOT, "sdist", tmp_path)
    with tarfile.open(source) as file:
        file.extractall(tmp_path, filter="data")
    again = build(tmp_path / f"sagaboard-{version()}", "wheel", tmp_path / "again")
    assert contents(again) == contents(wheel)


class Installed:
    """An environment with the wheel and this one's libraries, used from a folder of somebody's own."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.bin = folder / "venv" / "bin"
        words = [sys.executable, "-m", "venv", "--without-pip", str(self.bin.parent)]
        subprocess.run(words, check=True, timeout=WAIT_S)
        [self.packages] = self.bin.parent.glob("lib/python*/site-packages")
        (self.packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "--quiet"]
        subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, timeout=WAIT_S)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "WORKER_MODULES": "ours"}

    def run(self, program: str, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / program), *words],
            cwd=cwd or self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
        )

    @contextmanager
    def up(self) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        log = self.home.parent / "log"
        words = [str(self.bin / "sagaboard"), "--port", str(free_port()), "--workers", "2"]
        with log.open("wb") as out:
            process = subprocess.Popen(words, cwd=self.home, env=self.environment, stdout=out, stderr=out)
        try:
            wait_for(lambda: "Ctrl-C stops" in log.read_text() or process.poll() is not None)
            yield process, log
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed"))


def test_the_product_runs_from_the_wheel_alone(installed):
    (installed.home / "ours.py").write_text(OURS)
    for name in ("config", "manage", "runs", "workers"):  # of the project from whose folder it is started
        (installed.home / f"{name}.py").write_text("raise SystemExit('imported')")
    with installed.up() as (process, log):
        printed = log.read_text()
        assert f"Its data lies in {installed.home / 'var'}" in printed, printed
        [link] = LINK.findall(printed)
        site = link.partition("/accounts")[0]
        see_the_first_page(link, site)
        ran = installed.run("sagaboard", "run_workflow", "order_processing", "--wait", "--json")
        assert json.loads(ran.stdout)["output"]["sent_by"] == "ours", ran.stderr
        rehearse(installed, f"{site}/api/v1/workflows")
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0
    assert log.read_text().rstrip().endswith("Stopped.")
    assert "Traceback" not in log.read_text() and "imported" not in log.read_text()


def see_the_first_page(link: str, site: str) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(link, timeout=WAIT_S) as answer:
        assert "/accounts/login" not in answer.url
        assets = set(ASSET.findall(answer.read().decode()))
    assert {Path(path).suffix for path in assets} >= {".css", ".js"}
    for path in assets:
        with browser.open(site + path, timeout=WAIT_S) as answer:
            assert answer.status == 200


def rehearse(installed: Installed, workflows: str) -> None:
    """For it the web process starts others that are no copies of it: a check's, a command's, a sandbox's."""
    made = installed.run("sagaboard", "create_token", "ci", "--role", "designer")
    headers = {"Authorization": f"Bearer {made.stdout.strip()}", "Content-Type": "application/json"}

    def call(method: str, path: str, body: Any = None, **more: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(workflows + path, data, headers | more, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return json.load(answer)
        except HTTPError as error:
            return json.load(error)

    document = {"schema": 1, "name": "own", "steps": [{"name": "only", "worker": "send_confirmation"}]}
    # On a busy machine, the first check may be refused as too costly: its process starts with the first one.
    wait_for(lambda: call("POST", "/validate", document) == {"problems": []})
    call("PUT", "/own/draft", document, **{"If-Match": "0"})
    call("POST", "/own/rehearsal", {})
    wait_for(lambda: call("GET", "/own/rehearsal")["status"] != "under_way")
    rehearsal = call("GET", "/own/rehearsal")
    assert (rehearsal["status"], rehearsal["error"]) == ("ended", ""), rehearsal


def test_the_names_of_the_product_are_there_on_request_alone(installed, tmp_path):
    refused = installed.run("python", "-c", "import sagaboard, workers", cwd=tmp_path)
    assert "No module named 'workers'" in refused.stderr
    says = "import sagaboard.testing, sys, workers; print(*sys.path, workers.__file__, sep='\\n')"
    *path, file = installed.run("python", "-c", says, cwd=tmp_path).stdout.splitlines()
    assert str(ROOT) not in path
    assert file == str(installed.packages / "sagaboard/_product/workers/__init__.py")
    assert installed.run("sagaboard", "version", cwd=tmp_path).stdout == f"{version()}\n"
    assert list(tmp_path.iterdir()) == []
