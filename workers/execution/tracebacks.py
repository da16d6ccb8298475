"""Exceptions as bounded text for staff: the author's own frames, never locals, which may hold secrets.

PURE.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from traceback import TracebackException

TEXT_CHARS_MAX = 8_000
TAIL_CHARS = 6_000
MESSAGE_CHARS_MAX = 2_000
FRAMES_MAX = 30

OWN_NAMES = ("execute.py", "calling.py", "time_limit.py", "../library/faults.py")
OWN_FILES = (
    *(str((Path(__file__).parent / name).resolve()) for name in OWN_NAMES),
    str(Path(asyncio.__file__).parent),
)


def message_of(error: BaseException) -> str:
    """The message of an exception, bounded; the name of its class if it has none."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return text[:MESSAGE_CHARS_MAX] or type(error).__name__


def traceback_of(error: BaseException) -> str:
    """The traceback from the author's first frame on; all of it if there is no such frame.

    A text of more than `TEXT_CHARS_MAX` loses its middle: the end says most.
    """
    first = error.__traceback__
    while first and first.tb_frame.f_code.co_filename.startswith(OWN_FILES):
        first = first.tb_next
    frames = first or error.__traceback__
    text = "".join(TracebackException(type(error), error, frames, limit=-FRAMES_MAX).format())
    if len(text) <= TEXT_CHARS_MAX:
        return text
    mark = "\n…\n"
    return text[: TEXT_CHARS_MAX - TAIL_CHARS - len(mark)] + mark + text[-TAIL_CHARS:]
