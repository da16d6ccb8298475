"""Hot reload of the user's workers in `up --reload`: which files changed, whether they load, then new parts.

The parent of `up` never imports WORKER_MODULES here. Its copies do, after the fork, so that a new copy has
new code, and is there in a fraction of a second. Each turn of the supervisor compares the files. A change is
first loaded in a copy that does nothing else and says what it has loaded, or why it could not. Only what
loads replaces the parts.

Files are polled, some dozens a few times a second. A library that waits for the system's notices, such as
watchfiles, does so in a thread, and a process with threads must not be forked; Django's autoreload looks at
the modules of its own process and starts that anew.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import invalidate_caches
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.autoreload import iter_modules_and_files

from config.lib.errors import ConfigError
from config.operations.parts import fork
from config.operations.supervisor import Supervisor
from workers.registry import get_catalog
from workers.sdk.errors import WorkersError

LOOK_S = 0.2
LOAD_S_MAX = 60.0
NAMES_MAX = 5
PRODUCT = ("config", "designer", "runs", "workers")
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})

Marks = dict[str, tuple[int, ...]]
"""Of each file or folder what changes with it; empty while it is not there."""


class NotLoaded(ConfigError):
    """The modules of WORKER_MODULES can't be loaded."""


@dataclass(frozen=True)
class Loaded:
    """What a copy has loaded. `problem`: why it could not, with file and line."""

    files: list[str]
    workers: list[str]
    problem: str = ""


class Load:
    """A copy of this process that loads the modules, and says what came of it."""

    def __init__(self) -> None:
        self._said, theirs = fork.Pipe(duplex=False)
        self._process = fork.Process(target=_load, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._until = time.monotonic() + LOAD_S_MAX

    def result(self, wait_s: float = 0.0) -> Loaded | None:
        """None while it is at it."""
        if not self._said.poll(wait_s):
            if time.monotonic() < self._until:
                return None
            self._process.kill()
            return Loaded([], [], f"they did not load within {LOAD_S_MAX:.0f} s")
        try:
            result = Loaded(**json.loads(self._said.recv_bytes()))
        except EOFError:
            self._process.join()
            result = Loaded([], [], f"loading them ended the process with status {self._process.exitcode}")
        self._process.join()
        self._said.close()
        return result


@dataclass
class Reloader:
    """Watches the files of the user's modules, and replaces the parts of these names when they change."""

    supervisor: Supervisor
    parts: tuple[str, ...]
    workers: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    is_broken: bool = False
    _running: Marks = field(default_factory=dict)  # what the parts were started with
    _seen: Marks = field(default_factory=dict)
    _looked_at: float = 0.0
    _tried: Marks = field(default_factory=dict)  # what was loaded last, with success or not
    _load: Load | None = None

    def begin(self) -> None:
        """Loads the modules for the first time. Raises NotLoaded."""
        loaded = Load().result(LOAD_S_MAX) or Loaded([], [], "they did not load")
        if loaded.problem:
            raise NotLoaded(f"WORKER_MODULES can't be loaded: {loaded.problem}")
        self.files, self.workers = loaded.files, loaded.workers
        self._running = self._seen = self._tried = marks(self.files)
        self._say(f"watches {len(self.files)} file{'s' * (len(self.files) != 1)} of {_names(self.folders())}")

    def folders(self) -> list[str]:
        return sorted({_shown(os.path.dirname(file)) for file in self.files})

    def may_begin(self) -> bool:
        """Whether a part that has ended can be started again: not with modules that do not load."""
        return not self.is_broken

    def look(self) -> None:
        """One turn: begins to load what has changed and is quiet since, or takes over what has loaded."""
        if self._load is not None:
            loaded = self._load.result()
            if loaded is not None:
                self._load = None
                self._take(loaded)
        elif time.monotonic() - self._looked_at >= LOOK_S:
            self._looked_at = time.monotonic()
            before, self._seen = self._seen, marks(self.files)
            is_quiet = before == self._seen
            if is_quiet and self._seen != self._tried:
                self._tried = self._seen
                self._load = Load()

    def _take(self, loaded: Loaded) -> None:
        changed = [file for file in self.files if self._tried.get(file) != self._running.get(file)]
        self.files = sorted({*loaded.files, *(self.files if loaded.problem else ())})
        now = marks(self.files)
        self._seen = self._tried = {path: self._tried.get(path, mark) for path, mark in now.items()}
        if loaded.problem:
            self.is_broken = True
            self._say(loaded.problem)
            self._say("The code from before goes on until this is mended.")
        elif changed or self.is_broken or loaded.workers != self.workers:
            self._say(f"{_names(map(_shown, changed)) or 'the modules'} changed{self._difference(loaded)}")
            self.is_broken, self._running, self.workers = False, self._tried, loaded.workers
            self.supervisor.replace(self.parts)

    def _difference(self, loaded: Loaded) -> str:
        new = sorted(set(loaded.workers) - set(self.workers))
        gone = sorted(set(self.workers) - set(loaded.workers))
        words = [f"{what}: {_names(names)}" for what, names in (("new", new), ("gone", gone)) if names]
        return f" ({'; '.join(words)})" if words else ""

    def _say(self, line: str) -> None:
        self.supervisor.say(line, "reload")


def marks(files: Iterable[str]) -> Marks:
    """Of the files, and of their folders, in which a module may come to be."""
    paths = {*files, *(os.path.dirname(file) for file in files)}
    return {path: _mark(path) for path in paths}


def _mark(path: str) -> tuple[int, ...]:
    try:
        stat = os.stat(path)
    except OSError:
        return ()
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _load(said: Connection) -> None:
    """The life of the copy: imports the modules afresh."""
    invalidate_caches()
    before = set(sys.modules)
    workers: list[str] = []
    problem, place = "", ""
    try:
        workers = sorted(get_catalog())
    except WorkersError as error:
        place, problem = _place(error)
    imported = frozenset(sys.modules[name] for name in set(sys.modules) - before if _is_own(name))
    files = {str(path) for path in iter_modules_and_files(imported, frozenset()) if _is_watched(path)}
    files |= {place} if place else set()
    said.send_bytes(json.dumps({"files": sorted(files), "workers": workers, "problem": problem}).encode())


def _place(error: WorkersError) -> tuple[str, str]:
    """The file in which the error of the user's module is, and the error with file and line."""
    cause: Any = error.__cause__ or error
    if isinstance(cause, SyntaxError) and cause.filename:
        return cause.filename, f"{_shown(cause.filename)}:{cause.lineno}: {type(cause).__name__}: {cause.msg}"
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(cause.__traceback__)]
    own = [(file, line) for file, line in frames if os.path.exists(file) and _is_watched(Path(file))]
    if not own or cause is error:
        return "", str(error)
    file, line = own[-1]
    return file, f"{_shown(file)}:{line}: {type(cause).__name__}: {cause}"


def _is_own(name: str) -> bool:
    return name.partition(".")[0] not in PRODUCT


def _is_watched(path: Path) -> bool:
    within = str(path).startswith(tuple(f"{folder}{os.sep}" for folder in LIBRARIES))
    product = any(path.is_relative_to(settings.BASE_DIR / package) for package in PRODUCT)
    return not within and not product


def _shown(path: str) -> str:
    """A path as it is seen from here, where that is shorter."""
    return min(path, os.path.relpath(path), key=len)


def _names(names: Iterable[str]) -> str:
    first = list(names)
    rest = len(first) - NAMES_MAX
    return ", ".join(first[:NAMES_MAX]) + (f" and {rest} more" if rest > 0 else "")
