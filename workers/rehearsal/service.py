"""Rehearsal service: gathers what a rehearsal needs, starts its process and reads what that finds."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from config.lib.apart import apart
from config.lib.errors import SagaboardError
from designer.document.document import parse
from designer.document.graph import Graph, Step
from designer.errors import PublishRefused
from designer.problems import errors
from designer.services.folder_rights import barred
from designer.services.queries import document_of, find_version, get_workflow, problems_of
from workers.rehearsal import recorded, template
from workers.rehearsal.job import Job, Version

VERSIONS_MAX = 100
FILES = "files"
FILES_BYTES_MAX = 50_000_000
Event = dict[str, Any]


class RehearsalFailed(SagaboardError):
    """The process of the rehearsal ended before its time."""

    status = 500
    code = "rehearsal_failed"


def digest_of(document: Mapping[str, Any]) -> str:
    """Tells one definition from another."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def job_of(
    name: str,
    input: Mapping[str, Any] | None = None,
    *,
    document: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    check: str = "",
    user: Any = None,
) -> Job:
    """Returns what a rehearsal of a workflow's draft, or of a document, by `user` needs.

    Raises UnknownWorkflow, and PublishRefused with the problems of a document that could not be published.
    """
    stated = dict(document if document is not None else document_of(get_workflow(name)) or {})
    problems = errors(apart(problems_of, stated, name, barred(user, "view")))
    graph, _ = parse(stated)
    if problems or graph is None:
        raise PublishRefused(problems)
    sample = dict(graph.sample_input or {}) if input is None else dict(input)
    connections, addresses = recorded.rehearsal_connections()
    return Job(
        name,
        stated,
        sample,
        tuple(_versions(graph, {})),
        recorded.outputs_of(name, graph),
        dict(outputs or {}),
        check,
        addresses,
        connections,
    )


def _versions(graph: Graph, known: dict[tuple[str, int], Version]) -> list[Version]:
    """Returns the published versions that a graph may start, and those that these may."""
    for name, number in _started(graph.steps):
        row = find_version(name, number)
        key = (name, row.number) if row else ("", 0)
        if row is None or key in known or len(known) >= VERSIONS_MAX:
            continue
        known[key] = Version(name, row.number, dict(row.document), dict(row.resolved))
        child, _ = parse(row.resolved)
        if child is not None:
            _versions(child, known)
    return list(known.values())


def _started(steps: tuple[Step, ...]) -> Iterator[tuple[str, int | None]]:
    for step in steps:
        if step.workflow:
            yield step.workflow, step.version
        named = step.params.get("workflow")
        if isinstance(named, str) and not named.startswith("="):
            yield named, None
        if step.body is not None:
            yield from _started(step.body.steps)


def rehearse(job: Job) -> Iterator[Event]:
    """Yields what the rehearsal finds, as it finds it: `rows`, `cell`, `examined`, `refused`, `end`.

    Closing the iterator ends the process. Raises RehearsalFailed.
    """
    with tempfile.TemporaryDirectory(prefix="sagaboard-rehearsal-", ignore_cleanup_errors=True) as text:
        folder = Path(text)
        for name in ("data", "tmp", "kept"):
            (folder / name).mkdir(mode=0o700)
        template.copy_to(folder / "data")
        _copy_files(folder / "data")
        (folder / "job.json").write_text(json.dumps(job.as_json(), default=str), encoding="utf-8")
        yield from _events(folder)


def _copy_files(data: Path) -> None:
    """Gives a rehearsal a copy of the folder that workers read files from, as far as it is small enough."""
    files = Path(settings.DATA_DIR) / FILES
    size = sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
    if files.is_dir() and size <= FILES_BYTES_MAX:
        shutil.copytree(files, data / FILES, symlinks=True)


def _events(folder: Path) -> Iterator[Event]:
    command = [sys.executable, "-m", "workers.rehearsal.sandbox.process", str(folder), str(os.getpid())]
    with (folder / "stderr").open("w+b") as errors_of:
        process = subprocess.Popen(
            command,
            env=template.environment(folder / "data"),
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors_of,
            start_new_session=True,
        )
        assert process.stdout is not None
        last: Event = {}
        try:
            for line in process.stdout:
                last = json.loads(line)
                yield last
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.stdout.close()
            process.wait()
        if last.get("kind") not in ("end", "refused"):
            raise RehearsalFailed(f"The process of the rehearsal ended: {_end_of(errors_of)}")


def _end_of(file: Any) -> str:
    file.seek(0)
    return " ".join(file.read().decode(errors="replace").split())[-600:]
