"""Exceptions as bounded text for staff: the author's own frames, never locals, which may hold secrets.

PURE.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from traceback import TracebackException
from types import TracebackType

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
    """The traceback from the author's first frame on, `TEXT_CHARS_MAX` at most."""
    frames = author_frames(error.__traceback__)
    described = TracebackException(type(error), error, frames, limit=-FRAMES_MAX)
    return shortened("".join(described.format()))


def author_frames(frames: TracebackType | None) -> TracebackType | None:
    """Skips the frames of the execution itself; all frames if there is no other."""
    first = frames
    while first and first.tb_frame.f_code.co_filename.startswith(OWN_FILES):
        first = first.tb_next
    return first or frames


def shortened(text: str) -> str:
    """Cuts out the middle: the end of a traceback says most."""
    if len(text) <= TEXT_CHARS_MAX:
        return text
    mark = "\n…\n"
    return text[: TEXT_CHARS_MAX - TAIL_CHARS - len(mark)] + mark + text[-TAIL_CHARS:]
