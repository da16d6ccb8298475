"""Units of deploy/systemd, started and stopped as systemd would."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path
from string import Template

from django.conf import settings

from workers.process import parent_death

UNITS = Path(settings.BASE_DIR) / "deploy" / "systemd"
PYTHON = "/opt/sagaboard/.venv/bin/python"
PASSED = 3


class Unit:
    """A service. `listener`: what its socket unit would pass to it."""

    def __init__(
        self, name: str, environment: Mapping[str, str], log: Path, listener: int | None = None
    ) -> None:
        parser = ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(UNITS / f"{name}.service")
        facts = parser["Service"]
        assert facts["KillMode"] == "mixed" and facts["Restart"] == "always"
        name_, _, value = facts.get("Environment", "NONE=").partition("=")
        self.environment = {name_: value, **environment}
        words = shlex.split(Template(facts["ExecStart"]).substitute(self.environment))
        assert words[0] == PYTHON
        self.command = [sys.executable, *words[1:]]
        self.stop_s = float(facts["TimeoutStopSec"])
        self.log, self.listener = log, listener
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        def pass_socket() -> None:
            if self.listener is not None:
                os.dup2(self.listener, PASSED)
                os.set_inheritable(PASSED, True)

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                parent_death.command(self.command, signal.SIGKILL),
                env=self.environment, cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                close_fds=self.listener is None, preexec_fn=pass_socket,
            )  # fmt: skip

    def stop(self) -> str:
        """Returns what was wrong with its end: it ends in time and without an error."""
        assert self.process is not None
        self.process.terminate()
        try:
            status = self.process.wait(self.stop_s)
            is_clean = status in (0, -signal.SIGTERM)  # the latter where it has just begun
            return "" if is_clean else f"{self.command[2]} ended with {status}"
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return f"{self.command[2]} was still there after {self.stop_s} s"
