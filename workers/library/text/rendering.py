"""Renders templates, each within limits of time, memory and size; see `workers.library.text.renderer`.

The renderer's process is started with the first template and kept, as starting it takes longer than most
templates do. It ends with this process, whose end closes its standard input.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from config.lib.caches import register
from designer.problems import suggestion
from workers import CriticalFailure

RENDERER = Path(__file__).with_name("renderer.py")  # not imported: this process needs nothing of Jinja
WAIT_S_MAX = 30.0  # where other processes take the processor
TEMPLATE_CHARS_MAX = 200_000
TOO_LONG = "it takes too long to render; make it simpler"
TOO_MUCH = "it needs too much memory"


class Renderer:
    """The renderer's process. One template at a time; what happens to it while it renders ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def answer_to(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._turn:
            process = self._running()
            assert process.stdin and process.stdout
            watch = threading.Timer(WAIT_S_MAX, process.kill)
            watch.start()
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if line:
                    answer: dict[str, Any] = json.loads(line)
                    return answer
            except BrokenPipeError:
                pass
            except BaseException:  # such as the end of the attempt: an answer may still come, to nobody
                self._end()
                raise
            finally:
                watch.cancel()
            is_timed_out = -self._end() in (signal.SIGPROF, signal.SIGKILL)
            return {"code": "too_costly", "line": 0, "message": TOO_LONG if is_timed_out else TOO_MUCH}

    def end(self) -> None:
        with self._turn:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(RENDERER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
                cwd="/",
            )
        return self._process

    def _end(self) -> int:
        """Ends the process, and returns what it ended with."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe
            with suppress(BrokenPipeError):  # of what was not sent by then
                pipe.close()
        return code


_renderer = Renderer()
register(_renderer.end)
atexit.register(_renderer.end)


def rendered(template: str, values: Mapping[str, Any], html: bool = False, name: str = "template") -> str:
    """Returns the text of a Jinja template; with `html`, values are escaped.

    Raises CriticalFailure with the code `bad_template`, `missing_value`, `too_large` or
    `too_costly`; the message begins with `name` and the line.
    """
    request = {"template": template, "values": dict(values), "html": html}
    if len(template) > TEMPLATE_CHARS_MAX:
        answer = {"code": "too_large", "message": f"it has more than {TEMPLATE_CHARS_MAX:,} characters"}
    elif "{" not in template:  # nothing to render
        return template
    else:
        answer = _renderer.answer_to({**request, "chars_max": settings.OUTPUT_BYTES_MAX})
    if "text" in answer:
        return str(answer["text"])
    place = f"{name}, line {answer['line']}" if answer.get("line") else name
    message = str(answer["message"])
    if answer["code"] == "missing_value" and message.startswith("'"):
        message += suggestion(message.split("'")[1], values)
    raise CriticalFailure(f"{place}: {message}", code=str(answer["code"]))
