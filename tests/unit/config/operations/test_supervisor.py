"""Parts are started in order, kept alive, and stopped in the reverse order."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config.operations.parts import Part
from config.operations.supervisor import PartKeepsEnding, Supervisor
from workers.process import parent_death

ON_TERM = """
import signal, sys, time
def end(*_): print("end {0}", flush=True); sys.exit()
signal.signal(signal.SIGTERM, end)
print("begin {0}", flush=True)
while True: time.sleep(60)
"""

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("on", flush=True)
time.sleep(60)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def part(name: str, **more) -> Part:
    return Part(name, python(ON_TERM.format(name)), 5.0, **more)


class Recording(Supervisor):
    """Keeps what it would print."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def say(self, line: str, name: str = "") -> None:
        self.said.append(line)

    def has_said(self, line: str):
        return lambda: line in self.said


def wait_for(condition) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_order_of_starting_and_stopping():
    supervisor = Recording()
    for name in ("one", "two"):
        supervisor.start(part(name, is_ready=supervisor.has_said(f"begin {name}")))
    supervisor.stop()
    wait_for(lambda: len(supervisor.said) == 4)
    assert supervisor.said == ["begin one", "begin two", "end two", "end one"]


def test_a_copy_of_the_process_is_a_part_as_a_program_is():
    """What it prints is relayed, its stop signals are the default ones, and its status is told."""
    supervisor = Recording()

    def serve():
        print(f"default: {signal.getsignal(signal.SIGTERM) == signal.SIG_DFL}")
        os.write(2, b"half a line")
        time.sleep(60)

    supervisor.listen()
    supervisor.start(Part("one", run=serve, grace_s=5.0, is_ready=supervisor.has_said("default: True")))
    (one,) = supervisor.running
    supervisor.stop()
    assert supervisor.said == ["default: True", "half a line"]
    assert one.process.status() == -signal.SIGTERM
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)


def test_a_copy_that_fails_says_why():
    supervisor = Recording()

    def fail():
        raise SystemExit("no such thing")

    supervisor.start(Part("one", run=fail, grace_s=5.0, is_ready=supervisor.has_said("no such thing")))
    wait_for(lambda: supervisor.running[0].process.status() == 1)
    supervisor.stop()


def test_a_line_that_does_not_end_is_cut():
    supervisor = Recording()
    supervisor.start(Part("one", python("print('x' * 200_000)"), 5.0))
    until = time.monotonic() + 60
    while sum(map(len, supervisor.said)) < 200_000:
        supervisor._relay(0.05)
        assert time.monotonic() < until
    supervisor.stop()
    assert set("".join(supervisor.said)) == {"x"} and len(supervisor.said) > 1


def test_an_ended_part_is_started_again(tmp_path):
    supervisor = Supervisor()
    code = f"import os, time; open({str(tmp_path)!r} + '/' + str(os.getpid()), 'w'); time.sleep(60)"
    supervisor.start(Part("part", python(code), 5.0))

    def kill_and_stop():
        wait_for(lambda: len(list(tmp_path.iterdir())) == 1)
        os.kill(int(next(tmp_path.iterdir()).name), signal.SIGKILL)
        wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
        supervisor.stop_requested_at = time.monotonic()

    thread = threading.Thread(target=kill_and_stop)
    thread.start()
    supervisor.keep_alive()
    thread.join()
    supervisor.stop()


def test_a_replaced_part_begins_anew_and_ends_beside_it():
    supervisor = Recording()
    supervisor.start(part("one", is_ready=supervisor.has_said("begin one")))
    turns = iter(range(10_000))

    def each_turn() -> None:
        if next(turns) == 0:
            supervisor.said.clear()
            supervisor.replace(["one", "other"])
        elif {"begin one", "end one"} <= set(supervisor.said) and not supervisor.leaving:
            supervisor.stop_requested_at = time.monotonic()

    supervisor.keep_alive(each_turn)
    assert sorted(supervisor.said) == ["begin one", "end one"]
    supervisor.stop()


def test_a_replaced_part_that_does_not_end_is_killed():
    supervisor = Recording()
    deaf = Part("deaf", python(DEAF), 0.2, is_ready=supervisor.has_said("on"))
    supervisor.start(deaf)
    supervisor.replace(["deaf"])

    def each_turn() -> None:
        if not supervisor.leaving:
            supervisor.stop_requested_at = time.monotonic()

    supervisor.keep_alive(each_turn)
    assert "does not end and is killed" in supervisor.said
    supervisor.stop()


def test_an_ended_part_waits_until_it_may_begin():
    supervisor = Recording()
    turns = iter(range(10_000))
    may = False

    def each_turn() -> None:
        nonlocal may
        may = next(turns) > 3
        if "starts" in supervisor.said[1:]:
            supervisor.stop_requested_at = time.monotonic()
        elif not may:
            assert supervisor.said in ([], ["starts"])

    code = "import time; print('starts', flush=True)"
    supervisor.start(Part("brief", python(code), may_begin=lambda: may))
    supervisor.keep_alive(each_turn)
    assert "ended with status 0; starting it again" in supervisor.said
    supervisor.stop()


def test_a_part_that_keeps_ending_is_given_up(monkeypatch):
    monkeypatch.setattr("config.operations.supervisor.RESTART_DELAY_S", 0.0)
    supervisor = Supervisor()
    supervisor.start(Part("part", python("raise SystemExit(7)"), 5.0))
    with pytest.raises(PartKeepsEnding, match="status 7"):
        supervisor.keep_alive()
    supervisor.stop()


def test_a_part_that_ignores_sigterm_is_killed():
    supervisor = Recording()
    supervisor.start(Part("part", python(DEAF), 0.2, is_ready=supervisor.has_said("on")))
    supervisor.stop()
    assert supervisor.said == ["on", "does not end and is killed"]


def test_a_second_request_is_taken_for_hurry_only_after_a_moment():
    supervisor = Supervisor()
    supervisor._request_stop(signal.SIGTERM, None)
    supervisor._request_stop(signal.SIGTERM, None)
    assert supervisor.stopping and not supervisor.kill_now
    assert supervisor.stop_requested_at is not None
    supervisor.stop_requested_at -= 2
    supervisor._request_stop(signal.SIGTERM, None)
    assert supervisor.kill_now


def test_parts_end_with_a_killed_parent():
    code = (
        "import subprocess, sys, time, signal; from workers.process import parent_death;"
        "words = parent_death.command([sys.executable, '-c', 'import time; time.sleep(60)'], signal.SIGKILL);"
        "print(subprocess.Popen(words).pid, flush=True); time.sleep(60)"
    )
    root = Path(parent_death.__file__).parents[2]
    parent = subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True, cwd=root)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    wait_for(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
