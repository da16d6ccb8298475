"""Ends a process when its parent ends, however that happens (Linux: `PR_SET_PDEATHSIG`, prctl(2)).

Standard library alone, nothing of the project: it is also run by path, as `parent_death.py SIGNAL PARENT
command…`, and then replaces itself by the command. Other systems have no such signal; there the children of a
killed parent live on.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def signal_on_parent_death(signum: int, parent: int) -> None:
    """Has the kernel send `signum` to this process when `parent` ends; sends it at once if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)


def command(words: Sequence[str], signum: int) -> list[str]:
    """The command line that runs `words` and sends it `signum` when this process ends.

    `-IS` keeps the interpreter's start short and free of the environment.
    """
    return [sys.executable, "-IS", os.path.abspath(__file__), str(int(signum)), str(os.getpid()), *words]


def main() -> None:
    signum, parent, *words = sys.argv[1:]
    signal_on_parent_death(int(signum), int(parent))
    os.execvp(words[0], words)


if __name__ == "__main__":
    main()
