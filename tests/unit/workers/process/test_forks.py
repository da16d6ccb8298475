"""Processes that a worker's code forks."""

from __future__ import annotations

import os
import signal
import time

from workers.process import forks

WAIT_S = 30.0


def test_a_child_that_is_told_to_end_while_it_begins_ends() -> None:
    """As a pool of `multiprocessing` does that ends right after it has begun."""
    parent = os.fork()
    if not parent:
        os._exit(_child_s_end())
    assert os.waitstatus_to_exitcode(os.waitpid(parent, 0)[1]) == signal.SIGTERM


def _child_s_end() -> int:
    """In a process of its own, as what is registered at forks stays: the signal that has ended its child."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
    forks.watch_forks()
    child = os.fork()
    if not child:
        time.sleep(WAIT_S)
        os._exit(0)
    return -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
