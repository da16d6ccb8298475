"""Ties a process to its parent, so that it ends when the parent ends, however that happens.

Standard library alone, nothing of the project: also run by path, as `tether.py SIGNAL PARENT command…`,
to become a command that is tied. Only Linux can tie; elsewhere a killed parent leaves its children.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def tie(signum: int, parent: int) -> None:
    """Has the kernel send `signum` to this process when `parent` ends; at once if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)


def command(words: Sequence[str], signum: int) -> list[str]:
    """The command line that becomes `words`, tied to this process."""
    return [sys.executable, "-IS", os.path.abspath(__file__), str(int(signum)), str(os.getpid()), *words]


def main() -> None:
    signum, parent, *words = sys.argv[1:]
    tie(int(signum), int(parent))
    os.execvp(words[0], words)


if __name__ == "__main__":
    main()
