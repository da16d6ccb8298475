"""Certificates of definitions: which one speaks of what, and whether publishing may go on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from designer.document.document import parse
from designer.document.graph import Graph
from designer.errors import NotProven
from designer.models import Certificate, PublishNeeds, Workflow
from designer.services import before_publishing
from designer.services.queries import find_version, started_by

OF_LOOKS = frozenset({"layout", "title", "description", "notes", "sample_input"})
"""Fields that no run depends on."""


def digest_of(resolved: Mapping[str, Any]) -> str:
    """Returns what a definition with all defaults filled in is known by, whatever it looks like."""
    return hashlib.sha256(orjson.dumps(_plain(resolved), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items() if key not in OF_LOOKS}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def builds_on(graph: Graph) -> dict[str, int]:
    """Returns the newest versions of the workflows that a graph runs, and that these run."""
    found: dict[str, int] = {}
    wanted = started_by(graph)
    while wanted:
        name = wanted.pop()
        version = find_version(name)
        found[name] = version.number if version else 0
        started = parse(version.resolved)[0] if version else None
        wanted |= started_by(started) - found.keys() if started else set()
    return found


def certificate_of(workflow: Workflow, resolved: Mapping[str, Any]) -> Certificate | None:
    """Returns the newest certificate that speaks of a definition as it would run now."""
    newest = workflow.certificates.filter(digest=digest_of(resolved)).defer("histories").first()
    if newest is None:
        return None
    graph = parse(resolved)[0]
    is_current = graph is not None and newest.builds_on == builds_on(graph)
    return newest if is_current else None


def require_proof(name: str, resolved: Mapping[str, Any], tests: Any) -> None:
    """Raises NotProven where the workflow is published only with a proof, and there is none that holds."""
    workflow = Workflow.objects.filter(name=name).exclude(publish_needs=PublishNeeds.NOTHING).first()
    if workflow is None:
        return
    certificate = certificate_of(workflow, resolved)
    if certificate is None:
        raise NotProven(f"{name} is published only with a proof; have this draft proven first.")
    if not certificate.holds:
        raise NotProven(
            f"{name} is published only with a proof, and that of this draft "
            + ("is still under way." if certificate.state == Certificate.State.RUNNING else "does not hold.")
        )


def guard_publishing() -> None:
    """From now on, a workflow that needs a proof is published only with one."""
    before_publishing.add(NotProven.code, require_proof)
