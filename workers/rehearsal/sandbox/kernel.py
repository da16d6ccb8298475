"""Bars to effects outside that the kernel itself holds, for code that Python's guard does not see.

Landlock (landlock(7), Linux 5.13) lets this process and those that it forks write files beneath one folder
alone; seccomp(2) lets them make no socket of the internet. Neither needs a privilege, and neither can be
taken back. Where the kernel has not got one of them, Python's guard stands alone, and the rehearsal says so.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SYS_LANDLOCK_CREATE_RULESET = 444
SYS_LANDLOCK_ADD_RULE = 445
SYS_LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_RULE_PATH_BENEATH = 1
WRITE_ACCESS = 0b1_1111_1111_0010  # write a file; remove, make of every kind; not: execute, read
FILE_ACCESS = 1 << 1
SHARED = ("/dev/null", "/dev/tty", "/dev/pts")

# Classic BPF: load a word, jump if equal, return.
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EACCES = 13
AF_INET, AF_INET6 = 2, 10
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SYS_SOCKET = {"x86_64": 41, "aarch64": 198}


def bar(folder: Path, *, allows_network: bool) -> list[str]:
    """Bars what the kernel can bar. Returns which: `files`, `network`."""
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return []
    barred = ["files"] if _bar_files(libc, folder) else []
    if not allows_network and _bar_network(libc):
        barred.append("network")
    return barred


def _bar_files(libc: ctypes.CDLL, folder: Path) -> bool:
    handled = ctypes.create_string_buffer(struct.pack("=Q", WRITE_ACCESS))
    ruleset = libc.syscall(SYS_LANDLOCK_CREATE_RULESET, handled, 8, 0)
    if ruleset < 0:
        return False
    try:
        for path in (folder, *map(Path, SHARED)):
            if path.exists():
                _allow(libc, ruleset, path)
        return libc.syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0  # type: ignore[no-any-return]
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    access = WRITE_ACCESS if path.is_dir() else FILE_ACCESS
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, descriptor))
        libc.syscall(SYS_LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _bar_network(libc: ctypes.CDLL) -> bool:
    """Lets the call of socket(2) fail for the internet's families, on machines whose numbers are known."""
    machine = platform.machine()
    if machine not in AUDIT_ARCH:
        return False
    instructions = [
        (LOAD, 0, 0, 4),  # the architecture of the call
        (JUMP_EQUAL, 0, 5, AUDIT_ARCH[machine]),
        (LOAD, 0, 0, 0),  # its number
        (JUMP_EQUAL, 0, 3, SYS_SOCKET[machine]),
        (LOAD, 0, 0, 16),  # its first argument: the family
        (JUMP_EQUAL, 2, 0, AF_INET),
        (JUMP_EQUAL, 1, 0, AF_INET6),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, ERRNO | EACCES),
    ]
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    code = ctypes.create_string_buffer(packed)
    program = Program(len(instructions), ctypes.cast(code, ctypes.c_void_p))
    return libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0  # type: ignore[no-any-return]
