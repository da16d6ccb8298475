"""The renderer: a process that renders templates for `workers.library.text.rendering`, one line of JSON each.

A template is written by somebody who may not run code here, and it can ask for any amount of work. So it is
rendered in Jinja's sandbox, in a process that has nothing of the product (no settings, no database, no
environment) and little memory, and that the system ends where a template takes more than its time of the
processor. Imports nothing of the product.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY_BYTES_MAX = 512_000_000
CPU_S_MAX = 2.0
FILE_NAME = "<template>"


def main() -> None:
    limit_this_process()
    for line in sys.stdin.buffer:
        signal.setitimer(signal.ITIMER_PROF, CPU_S_MAX)
        answer = answered(json.loads(line))
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def limit_this_process() -> None:
    answered({"template": "{{ 1 / 0 }}", "values": {}, "html": False, "chars_max": 1})  # loads what it needs
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """Returns `{"text"}`, or `{"code", "line", "message"}` of what is wrong."""
    try:
        template = environment(request["html"]).from_string(request["template"])
        return {"text": joined(template.generate(request["values"]), request["chars_max"])}
    except TemplateSyntaxError as error:
        return {"code": "bad_template", "line": error.lineno, "message": error.message or ""}
    except UndefinedError as error:
        return {"code": "missing_value", "line": line_of(error), "message": error.message or ""}
    except SecurityError as error:
        return {"code": "bad_template", "line": line_of(error), "message": str(error)}
    except TooLong as error:
        return {"code": "too_large", "line": line_of(error), "message": str(error)}
    except MemoryError:
        return {"code": "too_costly", "line": 0, "message": "it needs too much memory"}
    except RecursionError:
        return {"code": "too_costly", "line": 0, "message": "it is nested too deep"}
    except Exception as error:
        return {"code": "bad_template", "line": line_of(error), "message": f"{type(error).__name__}: {error}"}


class TooLong(Exception):
    """The text is too long."""


def environment(html: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def joined(pieces: Any, chars_max: int) -> str:
    parts, chars = [], 0
    for piece in pieces:
        chars += len(piece)
        if chars > chars_max:
            raise TooLong(f"the text has more than {chars_max:,} characters")
        parts.append(piece)
    return "".join(parts)


def line_of(error: BaseException) -> int:
    """Returns the line of the template that raised an error; 0 if none did."""
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == FILE_NAME:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


if __name__ == "__main__":
    main()
